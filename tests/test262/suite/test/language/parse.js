/*---
description: Front matter has spaces where YAML allows them.
negative: 
    phase: parse
    type: SyntaxError
---*/
$DONOTEVALUATE();
let let;
