// A client on C++ gRPC: unary calls by the callback API, streams and kind "sync" by the synchronous one. Takes the arguments of
// drive.mjs and prints the same figures; kinds that it has not, it refuses.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "echo.grpc.pb.h"

using bench::Echo;
using bench::Order;
using bench::Payload;
using bench::Receipt;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string port, kind = "unary", headers = "none";
  int connections = 1, streams = 1, bytes = 16;
  double seconds = 1, warm_up_ms = 500;
};

static double CpuMicroseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static std::atomic<long> done{0}, wrong{0}, running{0};
static std::atomic<bool> stop{false};
static std::mutex latencies_mutex;
static std::vector<double> latencies;

static void Took(Clock::time_point from) {
  if (done.load(std::memory_order_relaxed) & 15) return;
  std::lock_guard<std::mutex> lock(latencies_mutex);
  latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - from).count());
}

/** What a call says, as bench/headers.mjs has it. */
struct Headers {
  int timeout_ms = 0;
  std::vector<std::pair<std::string, std::string>> metadata;
};

static std::vector<Headers> calls;
static std::string echoed;  // the response header that must equal the request's
static enum { kUnary, kTraced, kTagged } method = kUnary;

static std::string Digits(std::mt19937& random, const char* digits, size_t base, int length) {
  std::string text;
  while (length-- > 0) text += digits[random() % base];
  return text;
}

static void MakeHeaders(const std::string& kind) {
  std::mt19937 random(7);
  const auto hex = [&](int length) { return Digits(random, "0123456789abcdef", 16, length); };
  std::vector<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    tokens.push_back("Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + Digits(random, digits, 64, 420) + "." +
                     Digits(random, digits, 64, 342));
  }
  calls.resize(kind == "none" ? 1 : 1000);
  for (int i = 0; i < static_cast<int>(calls.size()); ++i) {
    auto& call = calls[i];
    if (kind == "deadline" || kind == "production") call.timeout_ms = 20000 + i * 7919 % 10007;
    if (kind == "production") {
      const std::string id = hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12);
      call.metadata = {{"authorization", tokens[i * 37 % 100]},
                       {"traceparent", "00-" + hex(32) + "-" + hex(16) + "-01"},
                       {"x-request-id", id}};
    } else if (kind == "five") {
      call.metadata = {{"x-tenant", "tenant-" + std::to_string(i) + "-" + hex(4)},
                       {"x-user", "user-" + hex(12)},
                       {"x-session", hex(32)},
                       {"x-shard", std::to_string(10000000 + i * 4099)},
                       {"x-context-bin", Digits(random, "\x01\x80\xff\x7f", 4, 24)}};
    }
  }
  if (kind == "production") method = kTraced, echoed = "x-request-id";
  if (kind == "five") method = kTagged, echoed = "x-session";
}

static std::atomic<unsigned> next_call{0};

/** One unary call after another until `stop`. */
struct Caller {
  Caller(Echo::Stub* stub, int bytes) : stub(stub) {
    request.set_body(std::string(bytes, 'x'));
    ++running;
    Next();
  }
  void Next() {
    context = std::make_unique<grpc::ClientContext>();
    from = Clock::now();
    headers = &calls[next_call++ % calls.size()];
    if (headers->timeout_ms > 0) {
      context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(headers->timeout_ms));
    }
    for (const auto& [name, value] : headers->metadata) context->AddMetadata(name, value);
    const auto ended = [this](grpc::Status status) { Ended(status); };
    if (method == kTraced) stub->async()->Traced(context.get(), &request, &response, ended);
    else if (method == kTagged) stub->async()->Tagged(context.get(), &request, &response, ended);
    else stub->async()->Unary(context.get(), &request, &response, ended);
  }
  void Ended(const grpc::Status& status) {
    if (!status.ok() || response.body().size() != request.body().size()) ++wrong;
    if ((++done & 15) == 0 && !echoed.empty() && !Echoed()) ++wrong;
    Took(from);
    if (stop) --running; else Next();
  }
  /** Whether the server has read the headers. */
  bool Echoed() const {
    const auto& got = context->GetServerInitialMetadata();
    const auto found = got.find(echoed);
    if (found == got.end()) return false;
    for (const auto& [name, value] : headers->metadata) if (name == echoed) return found->second == value;
    return false;
  }
  Echo::Stub* stub;
  Payload request, response;
  const Headers* headers = nullptr;
  std::unique_ptr<grpc::ClientContext> context;
  Clock::time_point from;
};

static void Download(Echo::Stub* stub, int bytes, int count) {
  grpc::ClientContext context;
  Order order;
  order.set_count(count);
  order.set_size(bytes);
  auto reader = stub->Download(&context, order);
  Payload message;
  int got = 0;
  for (; reader->Read(&message); ++got) if (static_cast<int>(message.body().size()) != bytes) ++wrong;
  if (!reader->Finish().ok() || got != count) ++wrong;
  done += got;
}

static void Upload(Echo::Stub* stub, int bytes, int count) {
  grpc::ClientContext context;
  Receipt receipt;
  Payload message;
  message.set_body(std::string(bytes, 'x'));
  auto writer = stub->Upload(&context, &receipt);
  for (int i = 0; i < count; ++i) writer->Write(message);
  writer->WritesDone();
  if (!writer->Finish().ok() || static_cast<int>(receipt.count()) != count) ++wrong;
  done += count;
}

static void Chat(Echo::Stub* stub, int bytes) {
  grpc::ClientContext context;
  Payload message, answer;
  message.set_body(std::string(bytes, 'x'));
  auto stream = stub->Chat(&context);
  while (!stop) {
    const auto from = Clock::now();
    if (!stream->Write(message) || !stream->Read(&answer) || answer.body() != message.body()) ++wrong;
    ++done;
    Took(from);
  }
  stream->WritesDone();
  stream->Finish();
}

static void Sync(Echo::Stub* stub, int bytes) {
  Payload request, response;
  request.set_body(std::string(bytes, 'x'));
  while (!stop) {
    const auto from = Clock::now();
    grpc::ClientContext context;
    if (!stub->Unary(&context, request, &response).ok() || response.body() != request.body()) ++wrong;
    ++done;
    Took(from);
  }
}

/** Prints the figures of what `work` does. */
static void Measure(const std::function<void()>& work) {
  std::printf("measuring\n");
  std::fflush(stdout);
  const long before = done, wrong_before = wrong;
  { std::lock_guard<std::mutex> lock(latencies_mutex); latencies.clear(); }
  const double cpu = CpuMicroseconds();
  const auto from = Clock::now();
  work();
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - from).count();
  const long counted = done - before;
  const double used = CpuMicroseconds() - cpu;
  std::vector<double> sorted;
  { std::lock_guard<std::mutex> lock(latencies_mutex); sorted = latencies; }
  std::sort(sorted.begin(), sorted.end());
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"count\":%ld,\"wrong\":%ld,\"elapsedMs\":%f,\"cpuMicroseconds\":%f,\"rssBytes\":%ld,"
              "\"latencyMicroseconds\":[", counted, wrong.load() - wrong_before, ms, used, usage.ru_maxrss * 1024L);
  const double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
  for (int i = 0; i < 9; ++i) {
    const double at = sorted.empty() ? 0 : sorted[static_cast<size_t>((sorted.size() - 1) * shares[i])];
    std::printf("%s[%g,%f]", i ? "," : "", shares[i], at);
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

/** Prints `word`, and waits until whoever started this process has answered it. */
static void Agree(const char* word) {
  std::printf("%s\n", word);
  std::fflush(stdout);
  for (int c = std::getchar(); c != '\n' && c != EOF;) c = std::getchar();
}

/** A small call, then large ones, as drive.mjs makes them. */
static void Large(Echo::Stub* stub, int bytes, double seconds) {
  const auto call = [&](int size) {
    grpc::ClientContext context;
    Payload request, response;
    request.set_body(std::string(size, 'x'));
    if (!stub->Unary(&context, request, &response).ok() || response.body().size() != request.body().size()) ++wrong;
    ++done;
  };
  call(16);
  Agree("base");
  call(bytes);
  Agree("first");
  for (int i = 1; i < 20; ++i) call(bytes);
  Agree("all");
  Measure([&] {
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    do call(bytes); while (Clock::now() < end);
  });
}

static Options Read(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    const std::string name = argument.substr(2, equals - 2), value = argument.substr(equals + 1);
    if (name == "port") options.port = value;
    else if (name == "kind") options.kind = value;
    else if (name == "headers") options.headers = value;
    else if (name == "connections") options.connections = std::atoi(value.c_str());
    else if (name == "streams") options.streams = std::atoi(value.c_str());
    else if (name == "bytes") options.bytes = std::atoi(value.c_str());
    else if (name == "seconds") options.seconds = std::atof(value.c_str());
    else if (name == "warm-up") options.warm_up_ms = std::atof(value.c_str());
  }
  return options;
}

static std::unique_ptr<Echo::Stub> Connect(const Options& options, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("bench.connection", number);  // or channels to one address share a connection
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Echo::NewStub(
      grpc::CreateCustomChannel("127.0.0.1:" + options.port, grpc::InsecureChannelCredentials(), arguments));
}

int main(int argc, char** argv) {
  const Options options = Read(argc, argv);
  MakeHeaders(options.headers);
  std::vector<std::unique_ptr<Echo::Stub>> stubs;
  for (int i = 0; i < options.connections; ++i) stubs.push_back(Connect(options, i));
  if (options.kind == "large") {
    Large(stubs[0].get(), options.bytes, options.seconds);
    std::_Exit(0);
  }
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::thread> threads;
  const int count = std::min(20000, std::max(1, 32 * 1024 * 1024 / std::max(1, options.bytes)));
  for (auto& stub : stubs) {
    for (int i = 0; i < options.streams; ++i) {
      auto* one = stub.get();
      if (options.kind == "unary" || options.kind == "headers") callers.push_back(std::make_unique<Caller>(one, options.bytes));
      else if (options.kind == "sync") threads.emplace_back([=] { Sync(one, options.bytes); });
      else if (options.kind == "chat") threads.emplace_back([=] { Chat(one, options.bytes); });
      else if (options.kind == "download") {
        threads.emplace_back([=] { while (!stop) Download(one, options.bytes, count); });
      } else if (options.kind == "upload") {
        threads.emplace_back([=] { while (!stop) Upload(one, options.bytes, count); });
      } else {
        std::fprintf(stderr, "the C++ client has no %s\n", options.kind.c_str());
        return 2;
      }
    }
  }
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(options.warm_up_ms));
  Measure([&] { std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds)); });
  std::_Exit(0);
}
