// A network device and a block device of one name: each is found by its name and type.
import { block, net, run } from "@uk/miou-solo5";

run([block("shared"), net("shared")], function* (disk, service) {
  console.log(`blocks of ${disk.blockSize} bytes, ${disk.capacity} in all; mtu ${service.mtu}`);
});
