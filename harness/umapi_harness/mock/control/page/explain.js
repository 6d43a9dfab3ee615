// Why a request came out as it did: the outcome, and each problem with its meaning and its remedy.

const RETRY = {
  never: "Sending it again as it is cannot help.",
  after_change: "Sending it again helps only after something has changed.",
  later: "Sending it again later can help.",
};
// By status, where the answer carries no code that is known: in short, meaning, remedy.
const STATUS = {
  400: ["request unreadable", "The request as a whole could not be read.", "Compare path, query and body with the documentation."],
  401: ["token not accepted", "The service does not accept the token.", "Get a new token."],
  403: ["not allowed", "The service refuses this call to this client.", "Compare API key and token with the credential."],
  404: ["no such path", "Nothing is served under this path, or what it names does not exist.", "Check path and names."],
  405: ["wrong method", "The path is served, but not for this method.", "Use the method that the Allow header names."],
  413: ["body too long", "The body is longer than the service reads.", "Send fewer commands in a request."],
  429: ["too many requests", "Too many calls came in during the current window.", "Wait as long as Retry-After says, then send it again."],
};
const FAILURE = ["server error", "The service could not answer.", "Sending it again later can help."];

// What the code means of a command, where the table of codes explains it for a whole body.
const MALFORMED = "error.command.malformed";
const OF_COMMAND = { meaning: "The command is no object, or is nested too deeply to be read.", remedy: "Send each command as an object with its steps under do." };

/** The end of a body of which the journal has only the beginning. */
export const CUT = /\.\.\. \((\d+) bytes\)$/;

const EFFECT = {
  all: "it took effect",
  part: "a part of it took effect",
  none: "it took no effect",
};

/**
 * The outcome of a journal entry: `kind` (good, warned, partial, failed, dropped), a short `reason`, and
 * `problems`, each with code, message, meaning, remedy, retry, and for commands index, step and pointer.
 * `spoiling` has the faults after which an answer is of no use, `late` those after which the client may have given up.
 * `untold`: the client may not know what took effect.
 */
export function explain(entry, codes, { spoiling_faults: spoiling, late_faults: late }) {
  const isLate = late.includes(entry.fault);
  return { ...outcome(entry, codes, spoiling), isLate, untold: isLate || Boolean(entry.true_answer) };
}

function outcome(entry, codes, spoiling) {
  const body = parsed(entry.response_body) ?? salvaged(entry);
  const problems = [
    ...(entry.fault ? [planned(entry)] : []),
    ...commandProblems(body, codes, "errors", "errorCode"),
    ...commandProblems(body, codes, "warnings", "warningCode"),
  ];
  if (entry.status === null) return { kind: "dropped", reason: reason(problems) || "closed without an answer", problems };
  if (entry.status >= 400) {
    if (!entry.fault || body || entry.cause) problems.push(refusal(entry, body, codes));
    return { kind: "failed", reason: reason(problems), problems };
  }
  const result = body?.result;
  const kind = result === "partial" || result === "error" ? { partial: "partial", error: "failed" }[result] : null;
  if (kind !== null) return { kind, reason: commandReason(body, problems), problems };
  if (spoiling.includes(entry.fault)) return { kind: "failed", reason: reason(problems), problems };
  if (problems.length) return { kind: "warned", reason: reason(problems), problems };
  return { kind: "good", reason: "", problems };
}

/** The value of a JSON text, or undefined for any other text. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A value of an answer or a request as text, whatever it is: not every object can be made one by itself. */
function worded(value) {
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}

/** Whom or what a command is about. */
function rootOf(command) {
  return worded(command?.user ?? command?.usergroup ?? "?");
}

/** What can be read of an action's answer that was too long for the journal. */
function salvaged({ operation, response_body: text }) {
  const head = /^\{"completed":(\d+),"notCompleted":(\d+),"completedInTestMode":(\d+)/.exec(text);
  if (operation !== "action" || !head || !CUT.test(text)) return undefined;
  const [completed, notCompleted, completedInTestMode] = head.slice(1).map(Number);
  const found = text.matchAll(/\{"index":\d+,"step":-?\d+,"message":"(?:[^"\\]|\\.)*","errorCode":[^{}]*\}/g);
  const errors = [...found].map(([one]) => parsed(one)).filter((one) => one !== undefined);
  const result = notCompleted ? (completed + completedInTestMode ? "partial" : "error") : "success";
  return { completed, notCompleted, completedInTestMode, errors, result };
}

function planned(entry) {
  const effect = entry.method === "GET" ? undefined : EFFECT[entry.effect]; // who only reads asks for none
  return {
    code: `planned fault: ${entry.fault}`,
    severity: "fault",
    short: `planned fault (${entry.fault})${effect ? `; ${effect}` : ""}`,
    message: Object.entries(entry.planned ?? {}).filter(([name]) => name !== "kind").map(([name, value]) => `${name} ${worded(value)}`).join(", "),
    meaning: `A fault that was put in force here struck this call${effect ? `; ${effect}` : ""}.`,
  };
}

function commandProblems(body, codes, list, name) {
  const entries = Array.isArray(body?.[list]) ? body[list] : [];
  return entries.filter((one) => one !== null && typeof one === "object").map((one) => ({
    ...known(codes, worded(one[name])),
    message: worded(one.message),
    user: worded(one.user),
    requestId: worded(one.requestID),
    index: Number.isInteger(one.index) ? one.index : undefined,
    step: Number.isInteger(one.step) ? one.step : undefined,
    severity: list === "warnings" ? "warning" : "error",
    ...(one[name] === MALFORMED ? OF_COMMAND : {}),
  }));
}

function known(codes, code) {
  const entry = codes.get(code);
  return {
    code: code ?? "no code",
    meaning: entry?.meaning ?? "",
    remedy: entry?.remedy ?? "",
    retry: RETRY[entry?.retry] ?? "",
  };
}

function refusal(entry, body, codes) {
  const { status } = entry;
  if (entry.operation === "token" && typeof body?.error === "string") {
    return { ...known(codes, body.error), message: worded(body.error_description), severity: "error" };
  }
  const code = worded(body?.error_code ?? body?.errorCode ?? body?.result ?? body?.error);
  const message = worded(body?.message ?? body?.errorMessage);
  const base = { code: code ?? `status ${status}`, message, severity: "error" };
  if (entry.cause) return { ...base, ...entry.cause, retry: known(codes, code).retry };
  const own = codes.has(code) ? known(codes, code) : {};
  const [short, meaning, remedy] = STATUS[status] ?? FAILURE;
  const after = header(entry.response_headers, "retry-after");
  return {
    ...base,
    ...own,
    short: codes.has(code) ? undefined : short,
    meaning: own.meaning || meaning,
    remedy: (own.remedy || remedy) + (after ? ` Here: Retry-After: ${after}.` : ""),
  };
}

/** A header's value, whatever the case of its name. */
export function header(headers, name) {
  return Object.entries(headers ?? {}).find(([one]) => one.toLowerCase() === name)?.[1];
}

/** The id that client and service know a request by: where no answer came, the one that the client gave it; or "". */
export function requestId(entry) {
  const [given, told] = [entry.request_headers, entry.response_headers].map((one) => header(one, "x-request-id"));
  return told ?? given ?? "";
}

function commandReason(body, problems) {
  const number = (value, otherwise) => (Number.isInteger(value) ? value : otherwise);
  const failed = number(body.notCompleted, problems.length);
  const all = failed + number(body.completed, 0) + number(body.completedInTestMode, 0);
  const [first, ...others] = new Set(problems.filter((one) => one.severity === "error").map((one) => one.code));
  return `${failed} of ${all} failed${first ? `: ${first}` : ""}${others.length ? ` and ${others.length} more` : ""}`;
}

function reason(problems) {
  const [first] = problems;
  if (first === undefined) return "";
  const text = first.short ?? first.code;
  return problems.length > 1 && !first.short ? `${text} and ${problems.length - 1} more` : text;
}

/**
 * What became of the steps of each command that was not done as a whole, or of every command where the client was not
 * told: `index`, and `steps` with `name` and `fate`. Steps that were left out with a half of the request are untried.
 */
export function fates(entry, commands) {
  const told = entry.steps ?? [];
  const isAction = entry.operation === "action" && Array.isArray(commands);
  const count = isAction && (told.length || entry.came.untold) ? commands.length : told.length;
  return Array.from({ length: count }, (_, index) => {
    const does = Array.isArray(commands?.[index]?.do) ? commands[index].do : [];
    const known = told[index] ?? [];
    const length = Math.max(does.length, known.length);
    const steps = Array.from({ length }, (_, place) => ({ name: Object.keys(does[place] ?? {})[0] ?? "", fate: known[place] ?? "untried" }));
    return { index, root: commands?.[index] === undefined ? "" : rootOf(commands[index]), steps };
  }).filter(({ steps }) => steps.length && (entry.came.untold || steps.some(({ fate }) => fate === "failed" || fate === "untried")));
}

/** What a request was about, in a few words. */
export function subject(entry) {
  if (entry.operation === "action") {
    const isTest = /(^|&)testOnly=true(&|$)/i.test(entry.query);
    return (isTest ? "test mode, " : "") + actionSubject(parsed(entry.request_body), entry.request_body);
  }
  const path = entry.path.replace(/^\/(v2\/usermanagement|ims)\//, "");
  const query = entry.query && entry.operation !== "token" ? ` ?${decoded(entry.query)}` : "";
  const [, page, group] = /^(?:users|groups)\/[^/]+\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (page !== undefined) return `${group ? `${decoded(group)}, ` : ""}page ${decoded(page)}${query}`;
  const [, user] = /^organizations\/[^/]+\/users\/(.+)$/.exec(path) ?? [];
  return decoded(user ?? path) + query;
}

function actionSubject(commands, text) {
  if (text === "") return "no body";
  if (CUT.test(text) && commands === undefined) return `body of ${CUT.exec(text)[1]} bytes`;
  if (commands === undefined) return "unreadable body";
  if (!Array.isArray(commands)) return "body that is no array";
  const names = commands.map(rootOf);
  const some = names.slice(0, 2).join(", ");
  const steps = commands.length === 1 && Array.isArray(commands[0]?.do) ? commands[0].do : [];
  const words = steps.map((step) => Object.keys(step ?? {})[0] ?? "?").join(", ");
  if (commands.length === 1) return words ? `${some}: ${words}` : some;
  return `${commands.length} commands: ${some}${names.length > 2 ? ", …" : ""}`;
}

/** Text with its percent escapes read, where they make sense. */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
