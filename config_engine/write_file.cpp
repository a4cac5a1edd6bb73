#include "config_engine/write_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <system_error>

namespace cfgtool {

namespace {

constexpr size_t kLargestFile = size_t{256} << 20;  // what is no end of bytes, such as /dev/zero, has more

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  /// A network drive may say only now that it has no room.
  bool close() {
    const int number = number_;
    number_ = -1;
    return ::close(number) == 0;
  }

 private:
  int number_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// One that nobody else has: also processes of other machines that share the folder may have this one's number.
std::string temporary_name(const std::string& path) {
  uint32_t random = 0;
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) random = static_cast<uint32_t>(std::clock());
  return fmt::format("{}.{}{:010}.tmp", path, ::getpid(), random);
}

/// Runs when the file could not be finished. Keeps errno, which says why.
void discard(const std::string& temporary) {
  const int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
}

void rename_into_place(const std::string& temporary, const std::string& path) {
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return;
  discard(temporary);
  fail(path);
}

/// \return false if the file system has no files without a name
bool write_nameless(const std::string& path, const std::string& temporary, std::string_view content, mode_t mode) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor file(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
  if (file.number() < 0) return false;
  if (!write_all(file.number(), content)) fail(path);
  const std::string self = fmt::format("/proc/self/fd/{}", file.number());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno != EEXIST) return false;  // no /proc here, for example
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) fail(path);
  rename_into_place(temporary, path);
  return true;
}

}  // namespace

std::optional<std::string> read_whole_file(const std::string& path) {
  // Opening a pipe waits for its other end, which may never come; reading it does not, when there is none.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0 || ::fcntl(file.number(), F_SETFL, 0) != 0) return std::nullopt;
  std::string content;
  char block[65536];
  while (true) {
    const ssize_t count = ::read(file.number(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
    if (content.size() > kLargestFile) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
}

void write_whole_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = temporary_name(path);
  if (write_nameless(path, temporary, content, mode)) return;
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.number() < 0) fail(path);
  if (!write_all(file.number(), content) || !file.close()) {
    discard(temporary);
    fail(path);
  }
  rename_into_place(temporary, path);
}

}  // namespace cfgtool
