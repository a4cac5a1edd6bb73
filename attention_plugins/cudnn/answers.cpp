#include "attention_plugins/cudnn/answers.hpp"

namespace cfgtool::attention::cudnn {

namespace {

void refuse(const std::optional<Refusal>& refusal, bool is_sdpa) {
  if (!refusal) return;
  // sdpa elsewhere falls back in silence; here the user is told what to ask for.
  const bool says_so = refusal->text.find("eager") != std::string::npos;
  throw Failure(ATTN_STATUS_REFUSED, refusal->reason,
                refusal->text + (is_sdpa && !says_so ? "; eager has no fused kernel and takes more" : ""));
}

const char* support(bool is_documented) {
  return is_documented ? "; within NVIDIA's documented support" : "; outside of NVIDIA's documented support";
}

}  // namespace

void check_rules(const Question& question) {
  refuse(refuse_by_rules(question.problem, question.device.compute_capability, question.device.name), question.is_sdpa);
}

void check_known_bugs(const Question& question, int64_t cudnn_version) {
  refuse(find_known_bug(question.problem, question.device.compute_capability, cudnn_version, question.device.name),
         question.is_sdpa);
}

std::string engine_text(const Library& library, const std::vector<PassEngines>& engines) {
  std::string text = "cudnn " + version_text(library.version);
  for (size_t i = 0; i < engines.size(); ++i)
    text += std::string(i == 0 ? " " : ", ") + name_of(engines[i].pass) + " engine " +
            std::to_string(engines[i].configs.front().engine);
  return text;
}

std::string rules_text(const Question& question, bool is_documented, int32_t level) {
  return "no rule forbids it on " + question.device.name + support(is_documented) + "; cuDNN was not asked" +
         (level > ATTN_LEVEL_RULES ? ", since the device has no description" : "") +
         "; known bugs are those of cuDNN " + version_text(kBuiltWithVersion) + ", with which this plugin was built";
}

std::string engines_text(const Question& question, const Library& library, const std::vector<PassEngines>& engines,
                         bool is_documented, int32_t level) {
  std::string text = library.name + " on " + question.device.name + ": ";
  for (size_t i = 0; i < engines.size(); ++i)
    text += std::string(i == 0 ? "" : ", ") + name_of(engines[i].pass) + " by its fused engine " +
            std::to_string(engines[i].configs.front().engine) + ", the first of " +
            std::to_string(engines[i].configs.size()) + " configurations that its heuristics name";
  return text + (level == ATTN_LEVEL_COMPILE ? "; compiled" : "") + support(is_documented);
}

std::string why_not_compiled(const Device& device, const Driver& driver, const Failure& failure) {
  if (driver.kind == DriverKind::kStub)
    return "; not compiled, since this process has already loaded the toolkit's stub driver (" + driver.path + ")";
  // The last step of a plan is to load its kernel, which a real driver does for its own devices.
  if (driver.kind == DriverKind::kReal && device.index < 0 && failure.status() == ATTN_STATUS_BACKEND_FAILED)
    return std::string("; not compiled to the end, since the driver here is that of other devices: ") + failure.what();
  if (failure.reason() == ATTN_REASON_RUNTIME_MISSING) return std::string("; not compiled: ") + failure.what();
  throw failure;
}

}  // namespace cfgtool::attention::cudnn
