// Many small objects.
const kept: object[] = [];
console.log("before");
for (let i = 0; ; i++) kept.push({ i, name: `object ${i}`, list: [i] });
