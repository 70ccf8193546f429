function assert(value, message) {
  if (value !== true) throw new Test262Error(message);
}
assert.sameValue = function (actual, expected, message) {
  assert(Object.is(actual, expected), `${message ?? ""} Expected ${String(expected)}, got ${String(actual)}`);
};
assert.throws = function (constructor, work) {
  try {
    work();
  } catch (error) {
    return assert.sameValue(error.constructor, constructor);
  }
  throw new Test262Error(`Expected a ${constructor.name}`);
};
