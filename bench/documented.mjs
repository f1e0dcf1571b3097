// What docs/performance.md and README.md quote: which measurements, and how they are shown there.
//
//   npm run bench -- --documented            all of it in one run, and the tables of both files anew
//   npm run bench -- tables FIGURES.json     the tables anew, from a run that was kept

const OURS = (name) => name.startsWith("pollwire");
const isEpoll = (name) => name.startsWith("pollwire epoll");

/** Seconds of a measurement, of all plans. */
export const SECONDS = 0.3;

/**
 * Runs, one after another, each interleaved in itself: whom and what, how often, and `skips` of contender's name,
 * scenario and load. What is twenty times slower than the rest is measured once.
 */
export const PLANS = [
  {
    title: "servers",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll", peers: "cpp,go" },
    scenarios:
      "unary-1x1-16,unary-1x100-16,unary-10x100-16,unary-100x10-16,unary-10x100-1k,headers,await,download-64k,upload-64k",
    sides: ["server"],
    rounds: 3,
    skips: (name, { id, kind }, load) =>
      isEpoll(name) && (["headers", "await"].includes(kind) || id === "unary-100x10-16") ||
      load === "h2load" && (isEpoll(name) || id !== "unary-10x100-16"),
  },
  {
    title: "clients",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll", peers: "cpp" },
    scenarios: "unary-1x1-16,unary-1x100-16,unary-10x100-16,headers,download-64k,upload-64k,start",
    sides: ["client"],
    rounds: 3,
    skips: (name, { id }) => isEpoll(name) && !["unary-1x1-16", "unary-1x100-16"].includes(id),
  },
  {
    title: "other libraries",
    contenders: { runtimes: "bun", pollers: "", peers: "grpc-js,connect,nghttpd,bun-serve" },
    scenarios:
      "unary-1x1-16,unary-1x100-16,unary-10x100-16,unary-100x10-16,unary-10x100-1k,headers,await,download-64k,upload-64k,start",
    sides: ["server", "client"],
    rounds: 1,
    skips: (name, { id }, load) =>
      name.startsWith("bare") || id === "headers-production-literal" ||
      load === "h2load" && id !== "unary-10x100-16",
  },
  {
    title: "large messages",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll", peers: "cpp,go" },
    scenarios: "large",
    sides: ["server"],
    rounds: 1,
    skips: (name, { id }) => isEpoll(name) && id === "large-100m",
  },
  {
    title: "large messages of other libraries",
    contenders: { runtimes: "bun", pollers: "", peers: "grpc-js,connect" },
    scenarios: "large-1m,large-16m",
    sides: ["server"],
    rounds: 1,
  },
  {
    title: "large messages of clients",
    contenders: { runtimes: "deno,bun", pollers: "native", peers: "cpp" },
    scenarios: "large-1m,large-16m",
    sides: ["client"],
    rounds: 1,
  },
  {
    title: "memory",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll", peers: "cpp,go" },
    scenarios: "idle-connections-4000,paced-10000",
    sides: ["server"],
    rounds: 1,
    seconds: 3,
  },
  {
    title: "TLS",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll", peers: "cpp,go" },
    scenarios: "tls",
    sides: ["server"],
    rounds: 1,
  },
  {
    title: "echo",
    contenders: { runtimes: "deno,bun", pollers: "native,epoll,io_uring", peers: "c-echo" },
    scenarios: "echo",
    sides: ["server"],
    rounds: 1,
  },
];

const SHAPES = [
  ["1 x 1", "unary-1x1-16"],
  ["1 x 100", "unary-1x100-16"],
  ["10 x 100", "unary-10x100-16"],
  ["100 x 10", "unary-100x10-16"],
  ["10 x 100, 1 KB", "unary-10x100-1k"],
];
const HEADERS = [
  ["none", "unary-10x100-16"],
  ["deadline", "headers-deadline"],
  ["production", "headers-production"],
  ["production, never-indexed", "headers-production-literal"],
  ["five each way", "headers-five"],
];
const STREAMS = [["64 KB down", "download-64k"], ["64 KB up", "upload-64k"]];
const OVER_TLS = [["1 x 1", "tls-unary-1x1-16"], ["10 x 100", "tls-unary-10x100-16"]];
const STREAMS_OVER_TLS = [["64 KB down", "tls-download-64k"], ["64 KB up", "tls-upload-64k"]];
const CONNECTIONS_OVER_TLS = [["full", "tls-connect-full"], ["resumed", "tls-connect-resumed"]];
const SIZES = [["1 MB", "large-1m"], ["16 MB", "large-16m"], ["100 MB", "large-100m"]];

/**
 * By the name that is in the file: the side and load that are shown, columns of a title and a scenario, `cell`
 * (`report/markdown.mjs`), and which contenders are rows.
 */
export const TABLES = {
  servers: { side: "server", load: "generator", columns: SHAPES, cell: "rate" },
  "servers-ratios": { side: "server", load: "generator", columns: SHAPES, cell: "ratios", rows: OURS },
  h2load: { side: "server", load: "h2load", columns: [SHAPES[2]], cell: "rate" },
  headers: {
    side: "server",
    load: "generator",
    columns: HEADERS,
    cell: "cpu",
    rows: (name) => !isEpoll(name),
  },
  "headers-ratios": {
    side: "server",
    load: "generator",
    columns: HEADERS,
    cell: "ratios",
    rows: (name) => OURS(name) && !isEpoll(name),
  },
  "header-clients": {
    side: "client",
    columns: HEADERS.filter(([, id]) => id !== "headers-production-literal"),
    cell: "cpu",
    rows: (name) => !isEpoll(name),
  },
  clients: { side: "client", columns: SHAPES.slice(0, 3), cell: "rate" },
  "clients-streams": { side: "client", columns: [...STREAMS, ["start, ms", "start"]], cell: "value" },
  streams: { side: "server", columns: STREAMS, cell: "rate" },
  large: { side: "server", columns: SIZES, cell: "peaks" },
  "large-clients": { side: "client", columns: SIZES.slice(0, 2), cell: "peaks" },
  awaits: {
    side: "server",
    columns: [["setImmediate", "await-immediate"], ["timer", "await-timer"]],
    cell: "cpu",
  },
  memory: {
    side: "server",
    columns: [["4,000 idle", "idle-connections-4000"], ["10,000, a call a second", "paced-10000"]],
    cell: "each",
  },
  tls: { side: "server", columns: [...OVER_TLS, ...STREAMS_OVER_TLS, ...CONNECTIONS_OVER_TLS], cell: "rate" },
  "tls-memory": { side: "server", columns: [["KiB, 2,000 idle", "tls-idle-connections-2000"]], cell: "each" },
  echo: {
    side: "server",
    columns: [
      ["1 connection, 64 B", "echo-1x64"],
      ["50 connections, 64 B", "echo-50x64"],
      ["1 connection, 64 KB", "echo-1x64k"],
    ],
    cell: "rate",
  },
  readme: {
    side: "server",
    columns: [
      ["bare", "unary-10x100-16"],
      ["production headers", "headers-production"],
      ["five headers each way", "headers-five"],
      ["1 KB", "unary-10x100-1k"],
    ],
    load: "generator",
    cell: "cpu",
    rows: (name) => !isEpoll(name),
  },
};

/** What contenders are called. */
const NAMES = {
  native: (runtime) => `pollwire native, ${runtime}`,
  epoll: (runtime) => `pollwire epoll, ${runtime}`,
};

/**
 * What is aimed at: in words, and what it comes to for a runtime: parts of `{ text, reached }`. `of(contender, scenario,
 * side)` is a row of `report/groups.mjs`, or undefined where nothing was measured.
 */
export const AIMS = [
  {
    what: "a changing deadline costs at most 0.5 us, server, client",
    parts: (of, runtime) =>
      ["server", "client"].map((side) => {
        const [bare, with1] = ["unary-10x100-16", "headers-deadline"].map((id) =>
          of(NAMES.native(runtime), id, side)?.cpu
        );
        return part(with1 - bare, (us) => `${us.toFixed(2)} us`, (us) => us <= 0.5);
      }),
  },
  cpuAim("production headers: 4 us server (both encodings), 5 us client", [
    ["headers-production", "server", 4],
    ["headers-production-literal", "server", 4],
    ["headers-production", "client", 5],
  ]),
  cpuTimesAim("production headers: a fourth of C++'s CPU", [["headers-production", 4], [
    "headers-production-literal",
    4,
  ]]),
  cpuAim("five headers each way: 6 us", [["headers-five", "server", 6]]),
  cpuTimesAim("five headers each way: C++'s CPU over 2.5", [["headers-five", 2.5]]),
  rateAim("64 KB streams down, up: 1.1x C++, native", "native", "server", [["download-64k", 1.1], [
    "upload-64k",
    1.1,
  ]]),
  rateAim("64 KB streams down, up: 1.1x C++, epoll", "epoll", "server", [["download-64k", 1.1], [
    "upload-64k",
    1.1,
  ]]),
  {
    what: "1, 16, 100 MB: 1x the faster of C++ and Go",
    parts: (of, runtime) =>
      SIZES.map(([, id]) => {
        const rate = (contender) => of(contender, id, "server")?.value?.median;
        const ratio = rate(NAMES.native(runtime)) / Math.max(rate("C++ gRPC"), rate("Go gRPC"));
        return part(ratio, (times) => `${times.toFixed(2)}x`, (times) => times >= 1);
      }),
  },
  {
    what: "peak memory of 1, 16, 100 MB: 3x the message, over twenty 6x (Deno), 8x (Bun)",
    parts: (of, runtime) =>
      SIZES.map(([, id]) => {
        const peak = of(NAMES.native(runtime), id, "server")?.peak;
        if (peak === undefined) return undefined;
        const most = runtime === "Deno" ? 6 : 8;
        return part(
          peak.first,
          () => `${peak.first.toFixed(1)}x, ${peak.all.toFixed(1)}x`,
          () => peak.first <= 3 && peak.all <= most,
        );
      }),
  },
  timesAim("TLS, 1 x 1, 10 x 100: 1.3x, 4x Go", "Go gRPC", [["tls-unary-1x1-16", 1.3], [
    "tls-unary-10x100-16",
    4,
  ]]),
  timesAim("TLS, 64 KB streams down, up: 0.9x C++", "C++ gRPC", [["tls-download-64k", 0.9], [
    "tls-upload-64k",
    0.9,
  ]]),
  {
    what: "TLS, 10 x 100: at most 0.5 us over plaintext",
    parts: (of, runtime) => {
      const [plain, secure] = ["unary-10x100-16", "tls-unary-10x100-16"].map((id) =>
        of(NAMES.native(runtime), id, "server")?.cpu
      );
      return [part(secure - plain, (us) => `${us.toFixed(2)} us`, (us) => us <= 0.5)];
    },
  },
  {
    what: "TLS, an idle connection: 36 KiB (Deno), 18 KiB (Bun) over plaintext, native, epoll",
    parts: (of, runtime) =>
      ["native", "epoll"].map((poller) => {
        const [plain, secure] = ["idle-connections-4000", "tls-idle-connections-2000"].map((id) =>
          of(NAMES[poller](runtime), id, "server")?.value?.median
        );
        const most = { Deno: 36, Bun: 18 }[runtime];
        return part(secure - plain, (kib) => `${kib.toFixed(1)} KiB`, (kib) => kib <= most);
      }),
  },
  memoryAim("KiB an idle connection, native: 14 (Deno), 6 (Bun)", "native", { Deno: 14, Bun: 6 }),
  memoryAim("KiB an idle connection, epoll: 8 (Deno), 6 (Bun)", "epoll", { Deno: 8, Bun: 6 }),
  {
    what: "handlers that await: setImmediate 2 us, a timer 1.2 us more than waiting alone",
    parts: (of, runtime) => {
      const cpu = (contender, id) => of(contender, id, "server")?.cpu;
      const timer = cpu(NAMES.native(runtime), "await-timer") - cpu(`bare await, ${runtime}`, "await-timer");
      return [
        part(cpu(NAMES.native(runtime), "await-immediate"), (us) => `${us.toFixed(2)} us`, (us) => us <= 2),
        part(timer, (us) => `+${us.toFixed(2)} us`, (us) => us <= 1.2),
      ];
    },
  },
  rateAim("server, 1 x 1: 1.05x C++, native", "native", "server", [["unary-1x1-16", 1.05]]),
  rateAim("server, 1 x 1: 2x C++, epoll", "epoll", "server", [["unary-1x1-16", 2]]),
  rateAim("client, 1 x 1, 1 x 100: 1.1x, 8x C++, native", "native", "client", [["unary-1x1-16", 1.1], [
    "unary-1x100-16",
    8,
  ]]),
  rateAim("client, 1 x 1: 2x C++, epoll", "epoll", "client", [["unary-1x1-16", 2]]),
];

/** Undefined where `value` was not measured. */
function part(value, text, reached) {
  return Number.isFinite(value) ? { text: text(value), reached: reached(value) } : undefined;
}

function cpuAim(what, wanted) {
  return {
    what,
    parts: (of, runtime) =>
      wanted.map(([id, side, most]) =>
        part(of(NAMES.native(runtime), id, side)?.cpu, (us) => `${us.toFixed(2)} us`, (us) => us <= most)
      ),
  };
}

function cpuTimesAim(what, wanted) {
  return {
    what,
    parts: (of, runtime) =>
      wanted.map(([id, least]) =>
        part(
          of("C++ gRPC", id, "server")?.cpu / of(NAMES.native(runtime), id, "server")?.cpu,
          (times) => `${times.toFixed(1)}x`,
          (times) => times >= least,
        )
      ),
  };
}

function rateAim(what, poller, side, wanted) {
  return {
    what,
    parts: (of, runtime) =>
      wanted.map(([id, least]) =>
        part(
          of(NAMES[poller](runtime), id, side)?.value?.median / of("C++ gRPC", id, side)?.value?.median,
          (times) => `${times.toFixed(2)}x`,
          (times) => times >= least,
        )
      ),
  };
}

/** The server's rate, native, over that of `other`. */
function timesAim(what, other, wanted) {
  return {
    what,
    parts: (of, runtime) =>
      wanted.map(([id, least]) =>
        part(
          of(NAMES.native(runtime), id, "server")?.value?.median / of(other, id, "server")?.value?.median,
          (times) => `${times.toFixed(2)}x`,
          (times) => times >= least,
        )
      ),
  };
}

function memoryAim(what, poller, most) {
  return {
    what,
    parts: (of, runtime) => [
      part(
        of(NAMES[poller](runtime), "idle-connections-4000", "server")?.value?.median,
        (kib) => `${kib.toFixed(1)} KiB`,
        (kib) => kib <= most[runtime],
      ),
    ],
  };
}
