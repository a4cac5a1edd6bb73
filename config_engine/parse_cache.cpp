#include "config_engine/parse_cache.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "config_engine/engine_revision.hpp"
#include "config_engine/write_file.hpp"

namespace cfgtool {

namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr size_t kMostFiles = 256;  // in the cache's folder
constexpr time_t kDay = time_t{24} * 60 * 60;
constexpr std::string_view kEnding = ".trees";

// The file: a FileHeader, then per entry an EntryHeader, its name and its record. All numbers are this machine's.
struct FileHeader {
  char magic[8];
  uint64_t revision;
  uint64_t size;      // of what follows
  uint64_t checksum;  // of what follows
};
constexpr char kMagic[8] = {'c', 'f', 'g', 't', 'r', 'e', 'e', 's'};

struct EntryHeader {
  uint32_t name_size;
  uint32_t record_size;
};

// A record: a RecordHeader, the package header, the kept texts, the nodes.
struct RecordHeader {
  uint64_t hash_low, hash_high;  // of the text that was parsed
  uint32_t text_size;
  uint32_t package_header_size;
  uint32_t has_package_header;
  uint32_t kept_size;
  uint32_t node_count;
  uint32_t reserved;
};

/// A text: `offset` bytes into the parsed text, or with kKept set into the kept texts.
constexpr uint64_t kKept = uint64_t{1} << 63;

/// Node without pointers. Positions count from the text's first byte, beginning with 1; 0 is nowhere.
struct StoredNode {
  uint8_t kind, key_kind;
  uint16_t reserved;
  uint32_t key_size;
  uint64_t key_offset;
  uint64_t value;  // a number, a text's offset, or the first and the last child
  uint32_t length, parent, next, pos, key_pos, reserved2;
};
static_assert(sizeof(StoredNode) == 48);

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes bytes from the front; once there are too few, nothing more.
struct Input {
  std::string_view rest;
  bool failed = false;

  std::string_view take(size_t size) {
    failed |= size > rest.size();
    if (failed) return {};
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  }
  template <class T>
  T take() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (!failed) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

bool has_text(NodeKind kind) {
  switch (kind) {
    case NodeKind::kBigInt:
    case NodeKind::kString:
    case NodeKind::kBytes:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return true;
    default:
      return false;
  }
}

class RecordWriter {
 public:
  RecordWriter(std::string_view text, SourcePos begin) : text_(text), begin_(begin) {}

  /// Empty if the file cannot be told in terms of its text alone.
  std::string write(const ConfigFile& file) {
    std::string nodes;
    nodes.reserve(file.tree.size() * sizeof(StoredNode));
    for (NodeId id = 0; id < file.tree.size(); ++id)
      append(nodes, stored(file.tree[id]));
    if (failed_) return {};
    RecordHeader header{};
    const XXH128_hash_t hash = XXH3_128bits(text_.data(), text_.size());
    header.hash_low = hash.low64;
    header.hash_high = hash.high64;
    header.text_size = static_cast<uint32_t>(text_.size());
    header.has_package_header = file.package_header ? 1 : 0;
    header.package_header_size = static_cast<uint32_t>(file.package_header.value_or("").size());
    header.kept_size = static_cast<uint32_t>(kept_.size());
    header.node_count = static_cast<uint32_t>(file.tree.size());
    std::string record;
    append(record, header);
    return record + file.package_header.value_or("") + kept_ + nodes;
  }

 private:
  StoredNode stored(const Node& node) {
    StoredNode out{};
    out.kind = static_cast<uint8_t>(node.kind);
    out.key_kind = static_cast<uint8_t>(node.key_kind);
    out.key_size = node.key_length;
    out.key_offset = offset_of(node.key().text);
    if (has_text(node.kind)) {
      out.value = offset_of(node.text());
    } else if (node.is_container()) {
      out.value = node.child.first | uint64_t{node.child.last} << 32;
    } else if (node.kind == NodeKind::kBool) {
      out.value = node.boolean;
    } else {
      std::memcpy(&out.value, &node.integer, sizeof out.value);
    }
    out.length = node.length;
    out.parent = node.parent;
    out.next = node.next;
    out.pos = stored(node.pos);
    out.key_pos = stored(node.key_pos);
    return out;
  }

  uint32_t stored(SourcePos pos) {
    if (!pos) return 0;
    failed_ |= pos.offset < begin_.offset || pos.offset - begin_.offset > text_.size();
    return pos.offset - begin_.offset + 1;
  }

  uint64_t offset_of(std::string_view part) {
    if (part.empty()) return 0;
    if (!std::less<>()(part.data(), text_.data()) && std::less<>()(part.data(), text_.data() + text_.size())) {
      return static_cast<uint64_t>(part.data() - text_.data());
    }
    kept_ += part;
    return (kept_.size() - part.size()) | kKept;
  }

  std::string_view text_;
  SourcePos begin_;
  std::string kept_;
  bool failed_ = false;
};

class RecordReader {
 public:
  RecordReader(SourceMap& sources, SourcePos begin) : sources_(sources), text_(sources.text(begin)), begin_(begin) {}

  std::optional<ConfigFile> read(std::string_view record) {
    Input input{record};
    const auto header = input.take<RecordHeader>();
    const XXH128_hash_t hash = XXH3_128bits(text_.data(), text_.size());
    if (input.failed || header.text_size != text_.size() || header.hash_low != hash.low64 ||
        header.hash_high != hash.high64) {
      return {};
    }
    ConfigFile file;
    file.begin = begin_;
    const std::string_view package_header = input.take(header.package_header_size);
    if (header.has_package_header) file.package_header = std::string(package_header);
    kept_ = input.take(header.kept_size);
    node_count_ = header.node_count;
    if (input.failed || input.rest.size() != size_t{node_count_} * sizeof(StoredNode) || node_count_ == 0) return {};
    kept_ = sources_.keep(kept_);
    std::vector<Node> nodes(node_count_);
    for (Node& node : nodes)
      node = restored(input.take<StoredNode>());
    if (failed_) return {};
    file.tree = Tree::of_nodes(std::move(nodes));
    return file;
  }

 private:
  Node restored(const StoredNode& in) {
    Node node;
    node.kind = static_cast<NodeKind>(in.kind);
    failed_ |= node.kind > NodeKind::kList || in.key_kind > static_cast<uint8_t>(KeyKind::kNull);
    node.length = in.length;
    if (has_text(node.kind)) {
      node.text_data = text_at(in.value, in.length);
    } else if (node.is_container()) {
      node.child = {id(static_cast<uint32_t>(in.value)), id(static_cast<uint32_t>(in.value >> 32))};
    } else if (node.kind == NodeKind::kBool) {
      node.boolean = in.value != 0;
    } else {
      std::memcpy(&node.integer, &in.value, sizeof node.integer);
    }
    node.set_key({static_cast<KeyKind>(in.key_kind), {text_at(in.key_offset, in.key_size), in.key_size}});
    node.parent = id(in.parent);
    node.next = id(in.next);
    node.pos = restored(in.pos);
    node.key_pos = restored(in.key_pos);
    return node;
  }

  NodeId id(NodeId stored) {
    failed_ |= stored != kNoNode && stored >= node_count_;
    return stored;
  }

  SourcePos restored(uint32_t pos) const { return pos == 0 ? SourcePos{} : begin_ + (pos - 1); }

  const char* text_at(uint64_t offset, uint32_t size) {
    if (size == 0) return "";
    const std::string_view home = offset & kKept ? kept_ : text_;
    offset &= ~kKept;
    failed_ |= offset > home.size() || size > home.size() - offset;
    return failed_ ? "" : home.data() + offset;
  }

  SourceMap& sources_;
  std::string_view text_;
  SourcePos begin_;
  std::string_view kept_;
  uint32_t node_count_ = 0;
  bool failed_ = false;
};

struct Descriptor {
  int number;
  explicit Descriptor(int descriptor) : number(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// Whether a file of that name is a cache of ours, or one that was being written: `HASH.trees`, `HASH.trees.PID.tmp`.
/// The folder may be one that others use as well.
bool is_ours(std::string_view name, bool temporary) {
  constexpr size_t kHashDigits = 32;
  const auto all_of = [](std::string_view text, std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
  };
  if (name.size() < kHashDigits || !all_of(name.substr(0, kHashDigits), "0123456789abcdef")) return false;
  name.remove_prefix(kHashDigits);
  if (!temporary) return name == kEnding;
  if (!name.starts_with(kEnding) || !name.ends_with(".tmp")) return false;
  name = name.substr(kEnding.size(), name.size() - kEnding.size() - 4);
  return name.starts_with('.') && all_of(name.substr(1), "0123456789");
}

/// Removes the caches that were not used for the longest time, and what a process that was killed left behind.
void tidy(const std::string& folder) {
  std::vector<std::pair<time_t, std::string>> caches;
  DIR* listing = ::opendir(folder.c_str());
  if (!listing) return;
  while (const dirent* item = ::readdir(listing)) {
    const std::string path = folder + "/" + item->d_name;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (is_ours(item->d_name, false)) {
      caches.emplace_back(info.st_mtim.tv_sec, path);
    } else if (is_ours(item->d_name, true) && std::time(nullptr) - info.st_mtim.tv_sec > kDay) {
      ::unlink(path.c_str());
    }
  }
  ::closedir(listing);
  if (caches.size() <= kMostFiles) return;
  std::sort(caches.begin(), caches.end());
  for (size_t i = 0; i < caches.size() - kMostFiles; ++i)
    ::unlink(caches[i].second.c_str());
}

}  // namespace

ParseCache::ParseCache(std::string path) : path_(std::move(path)) {
  if (!path_.empty() && !read(path_)) {
    entries_.clear();
    bytes_.clear();
  }
}

// Read rather than mapped: a mapped file on a network drive that another machine replaces would end the process.
bool ParseCache::read(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.number < 0 || ::fstat(file.number, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid() ||
      static_cast<uint64_t>(info.st_size) > kMostBytes + sizeof(FileHeader)) {
    return false;
  }
  bytes_.resize(static_cast<size_t>(info.st_size));
  if (::read(file.number, bytes_.data(), bytes_.size()) != info.st_size) return false;
  Input input{bytes_};
  const auto header = input.take<FileHeader>();
  if (input.failed || std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.revision != kEngineRevision ||
      header.size != input.rest.size() || header.checksum != XXH3_64bits(input.rest.data(), input.rest.size())) {
    return false;
  }
  while (!input.rest.empty()) {
    const auto sizes = input.take<EntryHeader>();
    const std::string_view name = input.take(sizes.name_size);
    entries_.push_back({name, input.take(sizes.record_size)});
    if (input.failed) return false;
  }
  // So that tidy() sees that it is in use.
  if (std::time(nullptr) - info.st_mtim.tv_sec > kDay) ::futimens(file.number, nullptr);
  return true;
}

std::optional<ConfigFile> ParseCache::find(std::string_view name, SourceMap& sources, SourcePos begin) const {
  const auto entry = std::lower_bound(entries_.begin(), entries_.end(), name,
                                      [](const Entry& a, std::string_view b) { return a.name < b; });
  if (entry == entries_.end() || entry->name != name) return {};
  return RecordReader(sources, begin).read(entry->record);
}

void ParseCache::add(std::string_view name, const SourceMap& sources, const ConfigFile& file) {
  if (path_.empty()) return;
  std::string record = RecordWriter(sources.text(file.begin), file.begin).write(file);
  if (!record.empty()) added_.emplace_back(name, std::move(record));
}

void ParseCache::save() {
  if (added_.empty()) return;
  // What is new goes first: where there is not room for all, the old go.
  std::stable_sort(added_.begin(), added_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Entry> all;
  size_t size = 0;
  const auto keep = [&](const Entry& entry) {
    const size_t more = sizeof(EntryHeader) + entry.name.size() + entry.record.size();
    if (size + more > kMostBytes) return;
    size += more;
    all.push_back(entry);
  };
  for (size_t i = 0; i < added_.size(); ++i) {
    // Of a file that changed meanwhile, the last state.
    if (i + 1 == added_.size() || added_[i].first != added_[i + 1].first) keep({added_[i].first, added_[i].second});
  }
  const size_t fresh = all.size();
  for (const Entry& entry : entries_) {
    const bool replaced = std::binary_search(all.begin(), all.begin() + static_cast<ptrdiff_t>(fresh), entry,
                                             [](const Entry& a, const Entry& b) { return a.name < b.name; });
    if (!replaced) keep(entry);
  }
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  std::string bytes(sizeof(FileHeader), '\0');
  bytes.reserve(sizeof(FileHeader) + size);
  for (const Entry& entry : all) {
    append(bytes, EntryHeader{static_cast<uint32_t>(entry.name.size()), static_cast<uint32_t>(entry.record.size())});
    bytes.append(entry.name).append(entry.record);
  }
  FileHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.revision = kEngineRevision;
  header.size = bytes.size() - sizeof header;
  header.checksum = XXH3_64bits(bytes.data() + sizeof header, header.size);
  std::memcpy(bytes.data(), &header, sizeof header);

  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  std::error_code ignored;
  std::filesystem::create_directories(folder.parent_path(), ignored);
  ::mkdir(folder.c_str(), 0700);
  try {
    write_whole_file(path_, bytes, 0600);
  } catch (const std::system_error&) {
    return;
  }
  added_.clear();
  tidy(folder.string());
}

std::string default_cache_folder() {
  if (const char* own = std::getenv("CFGTOOL_CACHE_DIR")) return own;
  // The XDG specification: what is not absolute does not count.
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && xdg[0] == '/') return std::string(xdg) + "/cfgtool";
  const char* home = std::getenv("HOME");
  return home && home[0] == '/' ? std::string(home) + "/.cache/cfgtool" : std::string();
}

std::string parse_cache_path(const std::string& cache_folder, const std::string& config_folder,
                             const std::string& config_name) {
  if (cache_folder.empty()) return {};
  std::error_code failed;
  const std::string key = std::filesystem::absolute(config_folder, failed).string() + '\n' + config_name;
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return fmt::format("{}/{:016x}{:016x}{}", cache_folder, hash.high64, hash.low64, kEnding);
}

}  // namespace cfgtool
