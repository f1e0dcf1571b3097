// Runs scripts of reactor operations on gRPC's C++ library: one script a line of stdin, what happened on stdout, then ".".
// Words: do=X (what the server does), deadline=MS, hold, unhold, start, read, readon (always read on), write=N, last=N,
// ended (writes done), cancel, mark, await=REACTION.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

using grpc::ByteBuffer;

struct Reactor : grpc::ClientBidiReactor<ByteBuffer, ByteBuffer> {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  bool readOn = false;
  ByteBuffer in, out;

  void note(const std::string& line) {
    std::lock_guard<std::mutex> lock(mutex);
    lines.push_back(line);
    changed.notify_all();
  }
  bool await(const std::string& wanted) {
    std::unique_lock<std::mutex> lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] {
      for (auto& line : lines) if (line.rfind(wanted, 0) == 0) return true;
      return false;
    });
  }
  static std::string is(bool ok) { return ok ? "true" : "false"; }
  void OnReadInitialMetadataDone(bool ok) override { note("metadata-" + is(ok)); }
  void OnReadDone(bool ok) override {
    if (!ok) return note("read-false");
    std::vector<grpc::Slice> slices;
    in.Dump(&slices);
    std::string bytes;
    for (auto& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    note("read-" + std::to_string(bytes.size() > 1 ? static_cast<int>(bytes[1]) : 0));
    if (readOn) StartRead(&in);
  }
  void OnWriteDone(bool ok) override { note("write-" + is(ok)); }
  void OnWritesDoneDone(bool ok) override { note("ended-" + is(ok)); }
  void OnDone(const grpc::Status& status) override { note("done-" + std::to_string(status.error_code())); }
  const ByteBuffer* message(int number) { // Note { number }
    const char bytes[] = {0x10, static_cast<char>(number)};
    grpc::Slice slice(bytes, sizeof bytes);
    out = ByteBuffer(&slice, 1);
    return &out;
  }
};

int main(int, char** argv) {
  auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  for (std::string script; std::getline(std::cin, script);) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    Reactor reactor;
    bool made = false;
    std::istringstream words(script);
    for (std::string word; words >> word;) {
      auto at = word.find('=');
      std::string name = word.substr(0, at), value = at == std::string::npos ? "" : word.substr(at + 1);
      if (name == "do") { context.AddMetadata("do", value); continue; }
      if (name == "deadline") {
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(std::stoi(value)));
        continue;
      }
      if (!made) stub.PrepareBidiStreamingCall(&context, "/trial.Trial/Both", {}, &reactor);
      made = true;
      if (name == "hold") reactor.AddHold();
      else if (name == "unhold") reactor.RemoveHold();
      else if (name == "start") reactor.StartCall();
      else if (name == "read") reactor.StartRead(&reactor.in);
      else if (name == "readon") reactor.readOn = true;
      else if (name == "write") reactor.StartWrite(reactor.message(std::stoi(value)));
      else if (name == "last") reactor.StartWriteLast(reactor.message(std::stoi(value)), grpc::WriteOptions());
      else if (name == "ended") reactor.StartWritesDone();
      else if (name == "cancel") context.TryCancel();
      else if (name == "mark") reactor.note("mark");
      else if (name == "await" && !reactor.await(value)) reactor.note("no " + value);
    }
    for (auto& line : reactor.lines) std::cout << line << "\n";
    std::cout << "." << std::endl;
  }
  return 0;
}
