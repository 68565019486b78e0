// Python, in a process of its own. It reads no file and asks no server: the page hands it
// everything as text, compressed and in base64.
const bytesOf = async (text) => {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
const text = async (name) => new TextDecoder().decode(await bytesOf(pieces[name]));
const TYPES = { wasm: "application/wasm", json: "application/json" };
const MOST_MEMORY = 16384; // pages of 64 KiB: one GiB, which a phone and a loop can stand

let pieces = {};
let python, session;

// Pyodide asks for its parts as if they were on a server.
self.fetch = async (address) => {
  const name = String(address.url ?? address).split("/").pop();
  if (!(name in pieces)) throw new TypeError(`${name} is not here, and nothing is fetched`);
  const headers = { "Content-Type": TYPES[name.split(".").pop()] ?? "application/octet-stream" };
  return new Response(await bytesOf(pieces[name]), { headers });
};

// A cell may run where the reader is not looking: it may not fill the machine.
const Memory = WebAssembly.Memory;
WebAssembly.Memory = function LimitedMemory(limits) {
  return new Memory({ ...limits, maximum: Math.min(limits.maximum ?? MOST_MEMORY, MOST_MEMORY) });
};
WebAssembly.Memory.prototype = Memory.prototype;

// What was compiled once need not be compiled again after a Stop.
let compiled;
WebAssembly.instantiateStreaming = async (response, imports) => {
  compiled ??= await WebAssembly.compile(await (await response).arrayBuffer());
  return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
};

const started = (part) => postMessage({ kind: "progress", part });
const quiet = { messageCallback: () => {} };

async function start(message) {
  pieces = message.pieces;
  compiled = message.compiled;
  for (const name of ["pyodide.js", "pyodide.asm.js"]) {
    const script = new Blob([await bytesOf(pieces[name])], { type: "text/javascript" });
    importScripts(URL.createObjectURL(script));
  }
  started("python");
  python = await loadPyodide({ indexURL: "https://here.invalid/" });
  started("numpy");
  await python.loadPackage("numpy", quiet);
  python.unpackArchive((await bytesOf(pieces["library.zip"])).buffer, "zip", { extractDir: "/here" });
  started("library");
  python.globals.set("tell", (name, text) => postMessage({ kind: "out", name, text }));
  python.runPython(`
import os, sys
os.environ["MPLBACKEND"] = "agg"
os.environ["QKV_LANGUAGE"] = "${message.language}"
sys.path[:0] = ["/here/lib", "/here"]
os.makedirs("/here/book", exist_ok=True)
os.chdir("/here/book")
import json, kernel, numpy, qkv_lib.practice
session = kernel.Session(tell)
session.note_verdicts()
`);
  session = python.globals.get("session");
  return { compiled };
}

async function load(message) {
  Object.assign(pieces, message.pieces);
  await python.loadPackage("matplotlib", quiet);
  python.runPython(`
import logging
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
kernel.forget_library(); session.note_verdicts(); session.fresh()
`);
}

function run({ source, name, show }) {
  const call = python.globals.get("session").run_json;
  const result = call(source, name, show);
  call.destroy();
  return JSON.parse(result);
}

const ACTS = {
  start,
  load,
  run,
  imports: ({ source }) => { session.imports(source); },
  fresh: () => { session.fresh(); },
};

self.onmessage = async ({ data }) => {
  try {
    postMessage({ kind: "done", id: data.id, value: await ACTS[data.act](data) });
  } catch (error) {
    postMessage({ kind: "failed", id: data.id, message: String(error?.message ?? error) });
  }
};
