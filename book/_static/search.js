// The search reads pages to show what surrounds a hit. A page opened from a file may not read
// others: there the search shows titles alone, and does not try.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
