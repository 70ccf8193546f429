/*---
description: Host-Defined Functions of INTERPRETING.md.
---*/
var { createRealm, detachArrayBuffer, evalScript, gc, global, IsHTMLDDA } = $262;
assert.sameValue(global, globalThis);
var other = createRealm();
assert(other.global.Array !== Array);
assert.sameValue(other.evalScript("var x = 1; Array"), other.global.Array);
assert.sameValue(other.global.x, 1);
assert.throws(SyntaxError, () => evalScript("let let"));
assert.sameValue(evalScript("1 + 1"), 2);
var buffer = new ArrayBuffer(8);
detachArrayBuffer(buffer);
assert(buffer.detached);
assert.sameValue(gc(), undefined);
assert.sameValue(typeof IsHTMLDDA, "undefined");
assert.sameValue(IsHTMLDDA(), null);
for (var name of ["print", "$262"]) {
  var { writable, configurable, enumerable } = Object.getOwnPropertyDescriptor(globalThis, name);
  assert(writable && configurable && !enumerable, name);
}
