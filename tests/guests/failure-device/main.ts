// A device that this base image cannot serve: `run` rejects and names it.
import { net, run } from "@uk/miou-solo5";

run([net("service")], function* (service) {
  console.log("never", service.name);
});
