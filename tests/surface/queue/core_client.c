// Runs a script of completion queue operations on gRPC's C core, against the server of its argument, and prints what
// comes of them. `scripts.ts` has the scripts, and runs them on this library.
//
//   call MS            makes a call with a deadline in MS milliseconds
//   batch TAG OP...    starts a batch; prints the error where it is refused
//   next N             takes N events, and prints each with what its batch received
//   quiet MS           nothing comes for so long; prints what came all the same
//   plucking           makes the queue one of type PLUCK, before the first call
//   pluck TAG          plucks TAG, or finds within 60 ms that it is not there
//   watch STATE MS TAG watches until the channel's state is not STATE (0 to 3) any more
//   cancel, shutdown, drain
//
// Operations: sim sim:VALUE(metadata "do") sim!FLAGS sim-bad sm:TEXT sm-none sm!FLAGS sc rim rm rs ss rc
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int has_message, has_status;
  grpc_byte_buffer* message;
  grpc_status_code status;
  grpc_slice details;
  grpc_metadata_array initial, trailing;
  int cancelled;
} Batch;

static grpc_channel* channel;
static grpc_completion_queue* queue;
static grpc_call* call;
static Batch batches[100];

static gpr_timespec in_ms(long ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

// A protobuf message whose field 1 is TEXT.
static grpc_byte_buffer* message_of(const char* text) {
  char bytes[128];
  size_t length = strlen(text);
  bytes[0] = 0x0a;
  bytes[1] = (char)length;
  memcpy(bytes + 2, text, length);
  grpc_slice slice = grpc_slice_from_copied_buffer(bytes, length + 2);
  grpc_byte_buffer* buffer = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  return buffer;
}

static void print_message(grpc_byte_buffer* buffer) {
  if (buffer == NULL) {
    printf(" message=none");
    return;
  }
  grpc_byte_buffer_reader reader;
  grpc_byte_buffer_reader_init(&reader, buffer);
  grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  printf(" message=%.*s", (int)GRPC_SLICE_LENGTH(all) - 2, (char*)GRPC_SLICE_START_PTR(all) + 2);
  grpc_slice_unref(all);
}

static void print_event(grpc_event event) {
  if (event.type != GRPC_OP_COMPLETE) {
    printf("%s\n", event.type == GRPC_QUEUE_SHUTDOWN ? "QUEUE_SHUTDOWN" : "QUEUE_TIMEOUT");
    return;
  }
  long tag = (long)event.tag;
  Batch* batch = &batches[tag];
  printf("event %ld %s", tag, event.success ? "true" : "false");
  if (batch->has_message) print_message(batch->message);
  if (batch->has_status) printf(" status=%d", batch->status);
  printf("\n");
}

static grpc_op operation(char* word, Batch* batch, grpc_metadata* metadata) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  char* flags = strchr(word, '!');
  if (flags != NULL) {
    op.flags = (uint32_t)strtoul(flags + 1, NULL, 16);
    *flags = 0;
  }
  if (strncmp(word, "sim", 3) == 0) {
    op.op = GRPC_OP_SEND_INITIAL_METADATA;
    int bad = strcmp(word, "sim-bad") == 0;
    if (bad || word[3] == ':') {
      metadata->key = grpc_slice_from_copied_string(bad ? "Bad Key" : "do");
      metadata->value = grpc_slice_from_copied_string(bad ? "v" : word + 4);
      op.data.send_initial_metadata.count = 1;
      op.data.send_initial_metadata.metadata = metadata;
    }
  } else if (strncmp(word, "sm", 2) == 0) {
    op.op = GRPC_OP_SEND_MESSAGE;
    if (strcmp(word, "sm-none") != 0) {
      op.data.send_message.send_message = message_of(word[2] == ':' ? word + 3 : "x");
    }
  } else if (strcmp(word, "sc") == 0) {
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  } else if (strcmp(word, "ss") == 0) {
    op.op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  } else if (strcmp(word, "rc") == 0) {
    op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    op.data.recv_close_on_server.cancelled = &batch->cancelled;
  } else if (strcmp(word, "rim") == 0) {
    op.op = GRPC_OP_RECV_INITIAL_METADATA;
    op.data.recv_initial_metadata.recv_initial_metadata = &batch->initial;
  } else if (strcmp(word, "rm") == 0) {
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &batch->message;
    batch->has_message = 1;
  } else if (strcmp(word, "rs") == 0) {
    op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op.data.recv_status_on_client.trailing_metadata = &batch->trailing;
    op.data.recv_status_on_client.status = &batch->status;
    op.data.recv_status_on_client.status_details = &batch->details;
    batch->has_status = 1;
  } else {
    fprintf(stderr, "there is no operation %s\n", word);
    exit(2);
  }
  return op;
}

static void start_batch(long tag) {
  Batch* batch = &batches[tag];
  memset(batch, 0, sizeof *batch);
  grpc_metadata_array_init(&batch->initial);
  grpc_metadata_array_init(&batch->trailing);
  grpc_op ops[10];
  grpc_metadata metadata;
  memset(&metadata, 0, sizeof metadata);
  size_t count = 0;
  for (char* word; (word = strtok(NULL, " \n")) != NULL;) ops[count++] = operation(word, batch, &metadata);
  grpc_call_error error = grpc_call_start_batch(call, ops, count, (void*)tag, NULL);
  if (error != GRPC_CALL_OK) {
    printf("refused %ld %s\n", tag, grpc_call_error_to_string(error) + strlen("GRPC_CALL_ERROR_"));
  }
}

static int run(char* line) {
  const char* command = strtok(line, " \n");
  if (command == NULL) return 0;
  if (strcmp(command, "cancel") == 0) {
    grpc_call_cancel(call, NULL);
  } else if (strcmp(command, "plucking") == 0) {
    queue = grpc_completion_queue_create_for_pluck(NULL);
  } else if (strcmp(command, "shutdown") == 0) {
    grpc_completion_queue_shutdown(queue);
  } else if (strcmp(command, "drain") == 0) {
    grpc_event event;
    do print_event(event = grpc_completion_queue_next(queue, in_ms(5000), NULL));
    while (event.type == GRPC_OP_COMPLETE);
  } else {
    long number = strtol(strtok(NULL, " \n"), NULL, 10);
    if (strcmp(command, "call") == 0) {
      grpc_slice path = grpc_slice_from_static_string("/trial.Trial/Both");
      call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue, path, NULL, in_ms(number), NULL);
    } else if (strcmp(command, "batch") == 0) {
      start_batch(number);
    } else if (strcmp(command, "next") == 0) {
      while (number-- > 0) print_event(grpc_completion_queue_next(queue, in_ms(5000), NULL));
    } else if (strcmp(command, "pluck") == 0) {
      print_event(grpc_completion_queue_pluck(queue, (void*)number, in_ms(60), NULL));
    } else if (strcmp(command, "watch") == 0) {
      long ms = strtol(strtok(NULL, " \n"), NULL, 10);
      long tag = strtol(strtok(NULL, " \n"), NULL, 10);
      grpc_channel_watch_connectivity_state(channel, (grpc_connectivity_state)number, in_ms(ms), queue, (void*)tag);
    } else if (strcmp(command, "quiet") == 0) {
      print_event(grpc_completion_queue_next(queue, in_ms(number), NULL));
    } else {
      return 2;
    }
  }
  printf(".\n");
  return 0;
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  grpc_init();
  grpc_channel_credentials* insecure = grpc_insecure_credentials_create();
  channel = grpc_channel_create(arguments[1], insecure, NULL);
  queue = grpc_completion_queue_create_for_next(NULL);
  char line[400];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (run(line) != 0) return 2;
  }
  return 0;
}
