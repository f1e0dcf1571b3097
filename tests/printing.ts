// A program that prints its arguments, one a line, and stays where the last one is "stay".
import process from "node:process";

const lines = process.argv.slice(2);
for (const line of lines) console.log(line);
if (lines.at(-1) === "stay") setInterval(() => {}, 60_000);
