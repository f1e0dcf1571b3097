// The suites of calls in every style once more, by servers and clients that meet inside the process: the same semantics.
import { declareAs } from "../harness.ts";
import { meetingInProcess } from "./serving.ts";

const SUITES = [
  "./calls_test.ts",
  "./flow_control_test.ts",
  "./header_limits_test.ts",
  "./how_calls_end_test.ts",
  "./lifecycle_test.ts",
  "./messages_that_wait_test.ts",
  "./reentrancy_test.ts",
  "./throws_test.ts",
  "./call/call_signal_test.ts",
  "./call/parent_test.ts",
  "./promise/client_interceptor_test.ts",
  "./promise/producer_test.ts",
  "./promise/server_interceptor_test.ts",
  "./queue/batches_test.ts",
  "./queue/call_outcomes_test.ts",
  "./queue/queue_client_test.ts",
  "./queue/server_batches_test.ts",
  "./queue/server_streams_test.ts",
  "./reactor/client_test.ts",
  "./reactor/generic_test.ts",
  "./reactor/server_test.ts",
];

const ADDRESS = "it is about what an address of sockets looks like";
const RAW = "it speaks HTTP/2 to the server itself";
const PORT = "it makes another channel to the port of the server";

const inProcess = {
  title: "in process",
  around: meetingInProcess,
  except: {
    "what a handler learns of its call": ADDRESS,
    "[Q43] peer is the target": ADDRESS,
    "[Q82] unary: the request comes": ADDRESS,
    "[Q94] what keeps onDone away": ADDRESS,
    "the server ends the call on its own clock": RAW,
    "one that has passed fails before anything is sent": RAW,
    "[C82] a request above our own limit": RAW,
    "a call that waits for a connection sends": PORT,
    "[Q52] the deadline and a lost connection": PORT,
    "[Q108] a request that cannot be decoded": PORT,
  },
};

// Another copy of each file than the one that is a test of its own.
for (const suite of SUITES) await declareAs(inProcess, () => import(`${suite}?in_process`));
