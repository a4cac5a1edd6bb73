#include "attention_plugins/host/plugin_file.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "attention_plugins/host/plugin_error.hpp"

namespace cfgtool::attention {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#else
#error "say here which ELF machine this is"
#endif

constexpr unsigned char kByteOrder = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
constexpr uint64_t kLargestStringTable = 256U << 20;

[[noreturn]] void fail(PluginFault fault, const NamedPath& file, std::string sentence) {
  throw PluginError({fault, file.path, file.named_by, std::move(sentence)});
}

/// Reads pieces of an ELF file; every piece is checked against the file's size.
class ElfFile {
 public:
  explicit ElfFile(const NamedPath& file) : file_(file), stream_(file.path, std::ios::binary) {
    std::error_code error;
    size_ = std::filesystem::file_size(file.path, error);
    if (!stream_ || error) fail(PluginFault::kUnreadable, file, fmt::format("cannot be read: {}", strerror(errno)));
  }

  uint64_t size() const { return size_; }

  template <typename T>
  T read(uint64_t offset) {
    T value{};
    read_bytes(offset, &value, sizeof(value));
    return value;
  }

  std::string read_text(uint64_t offset, uint64_t count) {
    std::string text(count, '\0');
    read_bytes(offset, text.data(), count);
    return text;
  }

  [[noreturn]] void cut_off() const {
    fail(PluginFault::kNotElf, file_, fmt::format("is a damaged ELF file: its {} bytes are not all of it", size_));
  }

  const NamedPath& file() const { return file_; }

 private:
  void read_bytes(uint64_t offset, void* target, uint64_t count) {
    if (offset > size_ || count > size_ - offset) cut_off();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(static_cast<char*>(target), static_cast<std::streamsize>(count));
    if (!stream_) fail(PluginFault::kUnreadable, file_, "cannot be read");
  }

  const NamedPath& file_;
  std::ifstream stream_;
  uint64_t size_ = 0;
};

Elf64_Ehdr read_header(ElfFile& elf) {
  if (elf.size() == 0) fail(PluginFault::kNotElf, elf.file(), "is empty");
  const std::string start = elf.read_text(0, std::min<uint64_t>(elf.size(), SELFMAG));
  if (start != std::string_view(ELFMAG, SELFMAG))
    fail(PluginFault::kNotElf, elf.file(), fmt::format("is not an ELF file: it begins with {:?}", start));
  if (elf.size() < sizeof(Elf64_Ehdr)) elf.cut_off();
  const auto header = elf.read<Elf64_Ehdr>(0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != kByteOrder || header.e_machine != kMachine)
    fail(PluginFault::kWrongMachine, elf.file(),
         fmt::format("is for another processor (ELF machine {}, this one is {})", header.e_machine, kMachine));
  if (header.e_type != ET_DYN)
    fail(PluginFault::kNotElf, elf.file(), fmt::format("is no shared object (ELF type {})", header.e_type));
  if (header.e_phentsize != sizeof(Elf64_Phdr)) elf.cut_off();
  return header;
}

struct Segments {
  std::vector<Elf64_Phdr> loaded;
  std::optional<Elf64_Phdr> dynamic;

  std::optional<uint64_t> file_offset(uint64_t address) const {
    for (const Elf64_Phdr& segment : loaded)
      if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz)
        return segment.p_offset + (address - segment.p_vaddr);
    return std::nullopt;
  }
};

Segments read_segments(ElfFile& elf, const Elf64_Ehdr& header) {
  Segments segments;
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = elf.read<Elf64_Phdr>(header.e_phoff + uint64_t{i} * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    // Touching a mapped page beyond the end of the file would kill the process.
    if (segment.p_offset > elf.size() || segment.p_filesz > elf.size() - segment.p_offset) elf.cut_off();
    if (segment.p_type == PT_LOAD) segments.loaded.push_back(segment);
    if (segment.p_type == PT_DYNAMIC) segments.dynamic = segment;
  }
  return segments;
}

/// The names of dynamic symbols and libraries, as one string with NULs between.
std::string read_dynamic_strings(ElfFile& elf, const Segments& segments) {
  if (!segments.dynamic) fail(PluginFault::kNotElf, elf.file(), "is no shared object: it has no dynamic section");
  uint64_t address = 0;
  uint64_t size = 0;
  for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segments.dynamic->p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = elf.read<Elf64_Dyn>(segments.dynamic->p_offset + at);
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) size = entry.d_un.d_val;
  }
  const auto offset = segments.file_offset(address);
  if (!offset || size == 0 || size > kLargestStringTable) elf.cut_off();
  return elf.read_text(*offset, size);
}

/// A group that has only the user in it, as many distributions make one for each user.
bool is_private_group(gid_t group) {
  const passwd* user = getpwuid(geteuid());
  if (user == nullptr || user->pw_gid != group) return false;
  const std::string name = user->pw_name;
  const struct group* entry = getgrgid(group);
  if (entry == nullptr || name != entry->gr_name) return false;
  for (char** member = entry->gr_mem; *member != nullptr; ++member)
    if (name != *member) return false;
  return true;
}

/// In a folder with the sticky bit, such as /tmp, others may add files but not replace those that are not theirs.
void check_mode(const NamedPath& named, const std::filesystem::path& path, bool sticky_is_enough) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    fail(PluginFault::kUnreadable, named, fmt::format("cannot be looked at: '{}': {}", path.string(), strerror(errno)));
  if (sticky_is_enough && (status.st_mode & S_ISVTX) != 0) return;
  const bool others = (status.st_mode & S_IWOTH) != 0;
  const bool group = (status.st_mode & S_IWGRP) != 0 && !is_private_group(status.st_gid);
  if (!others && !group) return;
  fail(PluginFault::kWritableByOthers, named,
       fmt::format("could be changed by other users: '{}' is writable by {}", path.string(),
                   others ? "everybody" : "its group"));
}

void check_chain(const NamedPath& named, const std::filesystem::path& path) {
  check_mode(named, path, false);
  bool direct_parent = !std::filesystem::is_directory(path);
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    check_mode(named, folder, !direct_parent);
    direct_parent = false;
    if (folder == folder.root_path()) break;
  }
}

}  // namespace

void check_elf(const NamedPath& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file.path, error);
  if (status.type() == std::filesystem::file_type::not_found) fail(PluginFault::kPathMissing, file, "does not exist");
  if (!std::filesystem::is_regular_file(status)) fail(PluginFault::kNotAFile, file, "is not a regular file");
  ElfFile elf(file);
  const Elf64_Ehdr header = read_header(elf);
  const std::string names = read_dynamic_strings(elf, read_segments(elf, header));
  using namespace std::string_view_literals;
  if (names.find("\0attn_plugin_entry\0"sv) == std::string::npos)
    fail(PluginFault::kNoEntry, file, "is no attention plugin: it does not define attn_plugin_entry");
}

void check_permissions(const NamedPath& file_or_folder) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(file_or_folder.path, error).lexically_normal();
  const auto real = std::filesystem::canonical(file_or_folder.path, error);
  if (error) fail(PluginFault::kUnreadable, file_or_folder, fmt::format("cannot be looked at: {}", error.message()));
  check_chain(file_or_folder, absolute);
  if (real != absolute) check_chain(file_or_folder, real);
}

}  // namespace cfgtool::attention
