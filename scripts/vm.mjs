// Prints, as JSON, where hvt guests can run on this machine: `{"direct":true}` under its own KVM, else the
// parts of a virtual machine, which are fetched if they are not there. Other words go to standard error.
import { ensureVm, kvmRunsGuests } from "./lib/vm.mjs";

const print = console.log;
console.log = console.error;
// --emulated asks for the virtual machine even where KVM works, to test what CI tests.
const direct = !process.argv.includes("--emulated") && kvmRunsGuests();
print(JSON.stringify(direct ? { direct } : { direct, ...ensureVm() }));
