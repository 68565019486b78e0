"""Sphinx extension: the questions of a quiz, each with options that open and say why.

::::{question} What do the weights of a row sum to?
:::{right} One.
Softmax divides each row by its sum.
:::
:::{wrong} The width.
The width only scales the scores.
:::
::::

Which option is right is told by its directive. The page adds the number of the question and the
words that open the feedback, when it has been read (and, in another language, translated).
"""

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator
from spoken import say


class QuizQuestion(nodes.General, nodes.Element):
    """A question, and its options."""


class QuizOption(nodes.General, nodes.Element):
    """What may be chosen (its `offer`), and the feedback; `verdict` is right or wrong."""


class QuizOffer(nodes.General, nodes.TextElement):
    """The words of an option that stand there while it is closed."""


class Question(SphinxDirective):
    """``{question} Words``, around its options."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question."""
        self.assert_has_content()
        node = QuizQuestion()
        self.set_source_info(node)
        words = StringList([self.arguments[0]], self.get_source_info()[0])
        self.state.nested_parse(words, 0, node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class Option(SphinxDirective):
    """``{right} Words`` or ``{wrong} Words``, around the feedback."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the option."""
        self.assert_has_content()
        node = QuizOption(verdict=self.name)
        words, _ = self.state.inline_text(self.arguments[0], self.lineno)
        node += QuizOffer(self.arguments[0], "", *words)
        self.set_source_info(node)
        self.set_source_info(node[0])
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def number_and_judge(_app: Sphinx, doctree: nodes.document) -> None:
    """Write the number before each question and the verdict before each feedback."""
    for number, asked in enumerate(doctree.findall(QuizQuestion), start=1):
        begin(asked[0], say("Question {}.", number))
        for each in asked.findall(QuizOption):
            begin(each[1], say("Yes.") if each["verdict"] == "right" else say("No."))


def begin(paragraph: nodes.Node, words: str) -> None:
    """Write words, in bold, at the beginning of a paragraph."""
    if not isinstance(paragraph, nodes.paragraph):
        raise TypeError(f"a question or its feedback begins with a {type(paragraph).__name__}")
    paragraph[:0] = [nodes.strong("", words), nodes.Text(" ")]


def visit_question(translator: HTML5Translator, _node: QuizQuestion) -> None:
    """Open the box around a question."""
    translator.body.append('<div class="quiz-question">\n')


def depart_question(translator: HTML5Translator, _node: QuizQuestion) -> None:
    """Close it."""
    translator.body.append("</div>\n")


def visit_option(translator: HTML5Translator, node: QuizOption) -> None:
    """Open an option."""
    translator.body.append(f'<details class="quiz-option {node["verdict"]}">')


def depart_option(translator: HTML5Translator, _node: QuizOption) -> None:
    """Close it."""
    translator.body.append("</details>\n")


def visit_offer(translator: HTML5Translator, node: QuizOffer) -> None:
    """Open the words that stay when an option is closed."""
    translator.body.append(translator.starttag(node, "summary", ""))


def depart_offer(translator: HTML5Translator, _node: QuizOffer) -> None:
    """Close them."""
    translator.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives, and how they are written."""
    app.add_node(QuizQuestion, html=(visit_question, depart_question))
    app.add_node(QuizOption, html=(visit_option, depart_option))
    app.add_node(QuizOffer, html=(visit_offer, depart_offer))
    app.add_directive("question", Question)
    app.add_directive("right", Option)
    app.add_directive("wrong", Option)
    app.connect("doctree-read", number_and_judge, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
