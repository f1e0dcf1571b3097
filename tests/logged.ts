// What the library's own logger writes while something runs.

/** Runs `body`, with the lines that the default logger has written so far, and that nobody sees meanwhile. */
export async function logged<T>(body: (lines: readonly string[]) => Promise<T> | T): Promise<T> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (...parts: unknown[]) => {
    const line = String(parts[0]);
    if (/^\S+ pollwire (?:error|warn|info|debug): /.test(line)) lines.push(line);
    else error.apply(console, parts);
  };
  try {
    return await body(lines);
  } finally {
    console.error = error;
  }
}
