// Logs one line of each level with the default logger, and says which traces are on.
import { defaultLogger, trace } from "../../../../pollers/log/mod.ts";

for (const level of ["debug", "info", "warn", "error"] as const) {
  defaultLogger[level](`line of ${level}`, new Error("with a stack"));
}
console.log(JSON.stringify(trace));
