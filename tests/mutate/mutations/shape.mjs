// Faults of what engines of one kind share, and of what is written for macOS.

const DARWIN = "tests/pollers/ffi/darwin_libc_test.ts";
const LIBC = "pollers/ffi/darwin_libc.ts";
const ECHOES = "the poll engine over its numbers echoes";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

const GATHER = "tests/pollers/readiness/gather_test.ts";
const ADOPTION = "tests/pollers/readiness/adoption_test.ts";

/** As `readMutations` describes them. */
export default [
  mutation(
    "pollers/ffi/gather.ts",
    "if (slice.length === 0) {",
    "if (slice.length < 0) {",
    GATHER,
    "bytes that were given away",
  ),
  mutation("pollers/ffi/gather.ts", "      bytes += length;\n", "", GATHER, "gather"),
  mutation(
    "pollers/readiness/adoption.ts",
    "if ((fd | 0) !== fd)",
    "if (fd === undefined)",
    ADOPTION,
    "what cannot be adopted",
  ),
  mutation(
    "pollers/readiness/adoption.ts",
    "const result = whyNot(fd) || sockets",
    "const result = sockets",
    ADOPTION,
    "io_uring: what cannot be adopted",
  ),
  mutation(
    "pollers/poll/pollset.ts",
    "if (reason === 0) this.added.add(fd);\n    return reason;",
    "this.added.add(fd);\n    return 0;",
    ADOPTION,
    "poll: what cannot be adopted",
  ),
  mutation(LIBC, "  address[DARWIN_SOCKADDR.length] = length;\n", "", DARWIN, "addresses have their length"),
  mutation(
    "pollers/ffi/darwin_layouts.ts",
    "AF_INET6: 30,",
    "AF_INET6: 28,",
    DARWIN,
    "addresses have their length",
  ),
  mutation(
    LIBC,
    "  if (family === C.AF_UNIX && address[DARWIN_SOCKADDR.data] === 0) {",
    "  if (family < 0) {",
    DARWIN,
    "a unix socket without a name",
  ),
  mutation(
    LIBC,
    'arm64: ["i32", "i32", "i64", "i64", "i64", "i64", "i64", "i64", "i64"],',
    'arm64: ["i32", "i32", "i64"],',
    DARWIN,
    "behind eight that are in registers",
  ),
  mutation(
    "pollers/ffi/darwin_layouts.ts",
    "UNNAMED + darwin",
    "darwin",
    DARWIN,
    "one that is unknown is none of them",
  ),
  mutation(
    LIBC,
    " && after === (before | DARWIN.O_NONBLOCK)",
    "",
    DARWIN,
    "fcntl that does not get its argument",
  ),
  mutation(LIBC, "type & TYPE, protocol), type, true)", "type, protocol), type, true)", DARWIN, ECHOES),
  mutation(
    LIBC,
    "    if (isSocket) calls.setsockopt(fd, DARWIN.SOL_SOCKET, DARWIN.SO_NOSIGPIPE, one.bytes, 4);\n",
    "",
    DARWIN,
    ECHOES,
  ),
  mutation(
    LIBC,
    "view.setInt32(0, linuxErrno(view.getInt32(0, true)), true);",
    "",
    DARWIN,
    "what fails has Linux's words",
  ),
  mutation(
    LIBC,
    "      calls.fcntl(fd, DARWIN.F_SETNOSIGPIPE, 1); // whoever changes its flags writes to it\n",
    "",
    DARWIN,
    "adopted raise no signal",
  ),
  mutation(
    "pollers/threads/factory.ts",
    "{ usable: true, caution };",
    "{ usable: true };",
    DARWIN,
    "poll says that it has never run there",
  ),
];
