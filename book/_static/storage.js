// Where a browser keeps nothing (private windows, blocked storage), reading `localStorage` throws.
// The theme reads it on each page; let it, and the progress of the reader, have a store that
// lasts as long as the page.
(() => {
  const inMemory = () => {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: (key) => { kept.delete(String(key)); },
    };
  };
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].setItem("qkv-probe", "");
      window[name].removeItem("qkv-probe");
    } catch {
      Object.defineProperty(window, name, { value: inMemory(), configurable: true });
    }
  }
})();
