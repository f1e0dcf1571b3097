// Why there can be no ring, in words.
import { assertEquals, assertMatch } from "@std/assert";
import { whyRefused } from "../../../pollers/io_uring/probe.ts";
import { test } from "../../harness.ts";

const [ENOMEM, EPERM, EINVAL, ENOSYS] = [12, 1, 22, 38];

test("io_uring: what the kernel refuses a ring for", () => {
  assertMatch(whyRefused(ENOSYS, undefined), /no io_uring.*ENOSYS.*needs Linux 6\.1$/);
  assertMatch(whyRefused(EINVAL, "0"), /too old.*EINVAL.*needs Linux 6\.1$/);
  assertEquals(whyRefused(ENOMEM, "0"), "io_uring_setup failed: ENOMEM");
});

test("io_uring: one error number has three reasons", () => {
  assertMatch(whyRefused(EPERM, "2"), /switched off \(kernel\.io_uring_disabled is 2\)$/);
  assertMatch(whyRefused(EPERM, "1"), /unprivileged processes \(kernel\.io_uring_disabled is 1\)$/);
  for (const says of ["0", undefined]) {
    assertMatch(whyRefused(EPERM, says), /EPERM.*Docker's seccomp profile$/);
  }
});
