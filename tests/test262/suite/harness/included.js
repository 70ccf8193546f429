var included = "before the test";
