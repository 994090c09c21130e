// A packed package says where its source is kept: $REPOSITORY_URL, else where this clone came from. Nothing else is changed.
const { execFileSync } = require("node:child_process");
const { relative } = require("node:path");

const git = (...args) => {
  try {
    return execFileSync("git", args, { cwd: __dirname, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return ""; // no clone, or one that came from nowhere
  }
};
const url = process.env.REPOSITORY_URL || git("remote", "get-url", "origin");

module.exports = {
  hooks: {
    beforePacking: (manifest, folder) =>
      url ? { ...manifest, repository: { type: "git", url, directory: relative(__dirname, folder) } } : manifest,
  },
};
