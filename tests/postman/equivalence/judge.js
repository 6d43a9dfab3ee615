// Runs collections with Newman, one after the other, and writes what it found: `node judge.js JOBS.json RESULTS.json`.
"use strict";
const fs = require("fs");
const newman = require("newman");

const [jobsFile, resultsFile] = process.argv.slice(2);
const jobs = JSON.parse(fs.readFileSync(jobsFile, "utf-8"));

const message = (error) => (error ? `${error.name}: ${error.message}` : null);

// With --bail a failed check counts as an error of its script too.
const scriptErrors = (execution) =>
  [...(execution.prerequestScript || []), ...(execution.testScript || [])]
    .map((one) => message(one.error))
    .filter((text) => text !== null && !text.startsWith("Assertion"));

// A request that was sent several times, by its script or for a challenge, stands there as often; the last counts.
const steps = (executions) => [...new Map(executions.map((one) => [one.cursor.ref, one])).values()];

function told(error, summary) {
  if (error && !summary) return { red: true, refused: message(error), steps: [] };
  const found = steps(summary.run.executions || []).map((execution) => ({
    name: execution.item.name,
    status: execution.response ? execution.response.code : null,
    failed: message(execution.requestError),
    errors: scriptErrors(execution),
    checks: (execution.assertions || []).map((one) => ({
      name: one.assertion,
      state: one.skipped ? "skipped" : one.error ? "failed" : "passed",
      message: one.error ? one.error.message : "",
    })),
  }));
  return { red: Boolean(error) || summary.run.failures.length > 0, refused: null, steps: found };
}

async function run(job) {
  return new Promise((resolve) => {
    let done = false;
    const finish = (error, summary) => {
      if (!done) resolve(told(error, summary));
      done = true;
    };
    try {
      newman.run({ ...job.options, collection: job.collection, reporters: [], timeoutRequest: 10000 }, finish);
    } catch (error) {
      finish(error);
    }
  });
}

// Its command line dies of what rejects in a script with nobody waiting; here the others must still be judged.
let crashed = false;
process.on("unhandledRejection", () => { crashed = true; });

(async () => {
  const results = {};
  for (const job of jobs) {
    crashed = false;
    const found = await run(job);
    results[job.key] = { ...found, red: found.red || crashed };
  }
  fs.writeFileSync(resultsFile, JSON.stringify(results));
})();
