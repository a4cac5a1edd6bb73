#include "attention_plugins/cudnn/saved_plan.hpp"

#include <cstring>
#include <string_view>

namespace cfgtool::attention::cudnn {

namespace {

constexpr std::string_view kMagic = "cfgtool cudnn plan 1\n";

/// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
uint64_t checksum(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

template <typename Number>
void append_number(std::string& to, Number number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_text(std::string& to, const std::string& text) {
  append_number(to, static_cast<uint64_t>(text.size()));
  to += text;
}

Failure stale(const char* why) {
  return {ATTN_STATUS_REFUSED, ATTN_REASON_STALE, std::string("the saved plan ") + why};
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(uint64_t count) {
    if (count > rest_.size()) throw stale("ends too early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint64_t number() {
    uint64_t value = 0;
    std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
    return value;
  }
  std::string_view text() { return take(number()); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace

std::string plan_key(const attn_problem& problem, const Device& device, int64_t cudnn_version) {
  std::string key = kPluginVersion;
  append_number(key, cudnn_version);
  // The host may know a longer struct; what counts is what this plugin knows.
  attn_problem known = problem;
  known.size = sizeof(known);
  append_number(key, known);
  append_number(key, device.compute_capability);
  append_text(key, device.description);
  return key;
}

std::string write_plan(const std::string& key, const std::vector<SavedPass>& passes) {
  std::string content;
  append_text(content, key);
  append_number(content, static_cast<uint64_t>(passes.size()));
  for (const SavedPass& pass : passes) {
    append_number(content, pass.engine);
    append_text(content, pass.json);
  }
  std::string bytes(kMagic);
  append_number(bytes, checksum(content));
  return bytes + content;
}

std::vector<SavedPass> read_plan(const void* bytes, uint64_t byte_count, const std::string& key, size_t pass_count) {
  Reader reader({static_cast<const char*>(bytes), byte_count});
  if (byte_count < kMagic.size() || reader.take(kMagic.size()) != kMagic)
    throw stale("is none of this plugin's, or of another version's form");
  const uint64_t expected = reader.number();
  if (checksum(reader.rest()) != expected) throw stale("is damaged");
  if (reader.text() != key) throw stale("is of another problem, device, cuDNN or plugin version");
  if (reader.number() != pass_count) throw stale("has other passes");
  std::vector<SavedPass> passes;
  for (size_t i = 0; i < pass_count; ++i) {
    const auto engine = static_cast<int64_t>(reader.number());
    passes.push_back({engine, std::string(reader.text())});
  }
  if (!reader.rest().empty()) throw stale("is followed by something else");
  return passes;
}

}  // namespace cfgtool::attention::cudnn
