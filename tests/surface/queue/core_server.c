// Runs a script of completion queue operations on a server of gRPC's C core, and prints its port, and then what comes of
// them. `server_scripts.ts` has the scripts, and runs them on this library. Beside what `core_script.h` has:
//
//   request TAG        requests a call, which the batches that follow are of
//   foreign TAG        requests one of a queue that is not registered
//   shutdown TAG       shuts the server down and has TAG come when that is over
//   cancelall
#include "core_script.h"

static grpc_server* server;
static grpc_completion_queue* foreign;
static grpc_call_details details;
static grpc_metadata_array metadata;

static void request(grpc_completion_queue* of, long tag) {
  refused(tag, grpc_server_request_call(server, &call, &details, &metadata, of, of, (void*)tag));
}

static int run(const char* command) {
  if (strcmp(command, "cancelall") == 0) {
    grpc_server_cancel_all_calls(server);
  } else if (strcmp(command, "request") == 0) {
    request(queue, next_number());
  } else if (strcmp(command, "foreign") == 0) {
    request(foreign, next_number());
  } else if (strcmp(command, "shutdown") == 0) {
    grpc_server_shutdown_and_notify(server, queue, (void*)next_number());
  } else {
    return 0;
  }
  return 1;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  grpc_init();
  server = grpc_server_create(NULL, NULL);
  queue = grpc_completion_queue_create_for_next(NULL);
  foreign = grpc_completion_queue_create_for_next(NULL);
  grpc_server_register_completion_queue(server, queue, NULL);
  printf("%d\n", grpc_server_add_http2_port(server, "127.0.0.1:0", grpc_insecure_server_credentials_create()));
  grpc_server_start(server);
  grpc_call_details_init(&details);
  grpc_metadata_array_init(&metadata);
  int result = run_script(run);
  if (result != 0) return result;
  _Exit(0); // calls and queues are left as they are
}
