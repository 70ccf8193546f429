export const other = "another";
