/// \file
/// The folder of one run: `outputs/<date>/<time>/.hydra/{config,hydra,overrides}.yaml`, as Hydra's run_job makes it.
#pragma once

#include <string>

#include "config_engine/compose.hpp"
#include "config_engine/run_record.hpp"

namespace cfgtool {

struct RunFolder {
  std::string path;          ///< absolute; hydra.runtime.output_dir
  std::string hydra_folder;  ///< absolute, where the configuration is kept; empty if hydra.output_subdir is null
  bool is_new = false;       ///< this run made it
};

/// Refuses a sweep (hydra.mode=MULTIRUN); else makes the folder that hydra.run.dir names and notes it in
/// hydra.runtime.output_dir.
///
/// Where the name depends on the time (`${now:…}`) the run is to have a folder of its own: of two that start in the
/// same second the second gets `-2` behind the name, and so on. Hydra lets them share one. A name that says no time is
/// used again, as in Hydra.
/// \throws ConfigError with sources, code run-folder
RunFolder make_run_folder(Composition& composition);

/// Writes config.yaml, hydra.yaml and overrides.yaml, as Hydra does, and the record beside them; nothing if
/// hydra.output_subdir is null. Each appears whole or not at all; if one cannot be written, a new folder is removed.
/// \throws ConfigError, code run-folder
void save_run(const Composition& composition, const RunFolder& folder, const RunRecord& record);

/// What is done before the job begins: the variables of hydra.job.env_set, and with hydra.job.chdir the working folder.
/// \param chdir_if_unsaid Hydra's is false, but true before version_base 1.2
/// \throws ConfigError, code run-folder
void enter_run(const Composition& composition, const RunFolder& folder, bool chdir_if_unsaid);

/// Writes one more file into the run's folder. \throws as save_run
void save_run_file(const Composition& composition, const RunFolder& folder, const std::string& path,
                   std::string_view content);

}  // namespace cfgtool
