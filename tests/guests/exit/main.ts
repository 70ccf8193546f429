// Ends with the status that its argument says.
import { cmdline, exit } from "uk:solo5";

console.log("before");
exit(Number(cmdline()));
