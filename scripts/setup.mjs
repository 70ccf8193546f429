// Makes a fresh clone ready: Debian packages, npm packages, a build. Needs Node and nothing else.
// Safe to call again and again: what is there already is left alone, and a second build is a cache hit.
import { ensureBuilt } from "./lib/workspace.mjs";

ensureBuilt();
