// A method that computes for as many milliseconds as it is told, on an executor's thread or where it is called.
interface Work {
  ms: number;
}

export default function work({ ms }: Work): Work {
  const from = performance.now();
  while (performance.now() - from < ms);
  return { ms };
}
