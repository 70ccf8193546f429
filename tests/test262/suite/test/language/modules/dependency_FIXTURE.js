import { other } from "./other_FIXTURE.js";
export const name = `dependency, which imports ${other}`;
