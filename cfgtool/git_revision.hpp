/// \file
/// Folders as they were in a git revision, written out for as long as they are needed.
#pragma once

#include <csignal>
#include <string>
#include <vector>

namespace cfgtool {

/// A new folder in the one for temporary files that only this user can look into; removed with the object. As long as
/// it is there, SIGINT, SIGTERM and SIGHUP wait, so that Ctrl-C does not leave it behind. For programs of one thread.
class PrivateFolder {
 public:
  PrivateFolder();  ///< \throws ConfigError, stage kRequest, code temporary-folder
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  sigset_t mask_before_;
};

/// What `folder` was in a revision.
struct RevisionFolder {
  std::string path;      ///< where it is written out
  std::string root;      ///< where the top of the repository is then: `path` begins so
  std::string revision;  ///< a file below `root` is shown as `revision:` and its path in the repository
};

/// Runs `git`, found on PATH, without a shell. Only the folder itself is written out; symbolic links stay links.
/// \param folder a path in a git work tree; it need not be there now
/// \param revision as git names one: a branch, a tag, a hash, `HEAD~1`
/// \param into an empty folder
/// \throws ConfigError, stage kRequest, codes git-missing, git-repository, git-revision, git-failed
RevisionFolder check_out(const std::string& folder, const std::string& revision, const std::string& into);

/// Branches and tags of the repository that `folder` lies in; none where there is no such, or no git.
std::vector<std::string> revision_names(const std::string& folder);

/// `text` with paths of files that were written out named as they are in the revision: `HEAD~1:conf/db.yaml`.
std::string with_revision_paths(std::string text, const std::vector<RevisionFolder>& folders);

}  // namespace cfgtool
