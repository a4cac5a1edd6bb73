#include "attention_plugins/cudnn/answers.hpp"

namespace cfgtool::attention::cudnn {

namespace {

/// \param by_whom goes behind the text; may be empty
void refuse(const std::optional<Refusal>& refusal, const std::string& by_whom) {
  if (refusal) throw Failure(ATTN_STATUS_REFUSED, refusal->reason, refusal->text + by_whom);
}

const char* support(bool is_documented) {
  return is_documented ? "; within NVIDIA's documented support" : "; outside of NVIDIA's documented support";
}

/// "forward engine 2, backward engine 6".
std::string list(const std::vector<ChosenEngine>& engines) {
  std::string text;
  for (const ChosenEngine& one : engines)
    text += (text.empty() ? "" : ", ") + std::string(name_of(one.pass)) + " engine " + std::to_string(one.engine);
  return text;
}

}  // namespace

void check_rules(const Question& question) {
  refuse(refuse_by_rules(question.problem, question.device.compute_capability, question.device.name),
         ", by cuDNN " + version_text(kBuiltWithVersion));
}

void check_known_bugs(const Question& question, int64_t cudnn_version) {
  refuse(find_known_bug(question.problem, question.device.compute_capability, cudnn_version, question.device.name), "");
}

std::vector<ChosenEngine> chosen(const std::vector<PassEngines>& engines) {
  std::vector<ChosenEngine> all;
  for (const PassEngines& pass : engines)
    all.push_back({pass.pass, pass.configs.front().engine});
  return all;
}

std::vector<ChosenEngine> chosen(const CompiledPlan& compiled) {
  std::vector<ChosenEngine> all;
  for (const PassPlan& pass : compiled.passes)
    all.push_back({pass.pass, pass.plan.engine});
  return all;
}

std::string engine_text(const Library& library, const std::vector<ChosenEngine>& engines) {
  return "cudnn " + version_text(library.version) + " " + list(engines);
}

std::string rules_text(const Question& question, bool is_documented, int32_t level) {
  return "no rule forbids it on " + question.device.name + support(is_documented) + "; cuDNN was not asked" +
         (level > ATTN_LEVEL_RULES ? ", since the device has no description" : "") +
         "; known bugs are those of cuDNN " + version_text(kBuiltWithVersion) + ", with which this plugin was built";
}

std::string engines_text(const Question& question, const Library& library, const std::vector<ChosenEngine>& engines,
                         bool is_documented, int32_t level) {
  return library.name + " computes it on " + question.device.name + " with its fused " + list(engines) +
         (level == ATTN_LEVEL_COMPILE ? "; compiled" : "; not compiled") + support(is_documented);
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
