// Many small objects, each made in the same place.
let kept: object | undefined;
console.log("before");
for (;;) kept = { kept };
