// The console: what scripts write for people.

function logText(args) {
  return args.map((arg) => (typeof arg === "string" ? arg : showAt(arg, 0))).join(" ");
}

function write(level) {
  return (...args) => {
    const text = cut(logText(args));
    if (!roomFor("lines", "console lines") || !roomFor("characters", "characters on the console", text.length)) return;
    addRecord({ __proto__: null, kind: "console", level, text });
  };
}

const makeConsole = () => ({ log: write("log"), info: write("info"), warn: write("warn"), error: write("error"),
  debug: write("debug"), table: write("log"), dir: write("log"), trace: write("log"), clear: () => {} });
