package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A state that does not fit, or is none, is refused by name, and nothing is touched. */
class StateRefusalTest {

  /** Of step 2; its schedule has its peak there. */
  private static final Hyperparameters LAMB = Hyperparameters.lamb(Schedule.linearWarmup(0.1, 2));

  @TempDir Path directory;
  private Path file;
  private final List<Lamb> open = new ArrayList<>();

  /** Saves two groups with two parameters each, one with a master, after two steps. */
  @BeforeEach
  void save() throws IOException {
    file = directory.resolve("state.safetensors");
    Lamb saved = build(LAMB, "a: w h, b: x y");
    saved.step();
    saved.step();
    saved.save(file);
  }

  @AfterEach
  void close() {
    open.forEach(Lamb::close);
  }

  private Lamb build(Hyperparameters hyperparameters, String model) {
    return build(Lamb.onCpu().maxGradNorm(3), hyperparameters, model);
  }

  private Lamb build(LambBuilder builder, Hyperparameters hyperparameters, String model) {
    for (String group : model.split(", ")) {
      List<Parameter> parameters = new ArrayList<>();
      for (String name : group.substring(3).split(" ")) {
        parameters.add(parameter(name));
      }
      builder.group(group.substring(0, 1), hyperparameters, parameters);
    }
    Lamb lamb = builder.build();
    open.add(lamb);
    return lamb;
  }

  /** Half weights for a name with an h; otherwise of as many elements as its name has letters. */
  private static Parameter parameter(String name) {
    float[] g = new float[name.length()];
    Arrays.fill(g, 1);
    return name.contains("h")
        ? Parameter.onHost(name, HostArray.bf16(new short[g.length]), HostArray.f32(g))
        : Parameter.onHost(name, g.clone(), g);
  }

  private void assertUnfit(Lamb lamb, String... said) {
    assertUntouched(
        lamb,
        () -> {
          assertRefused(() -> lamb.load(file), "state.safetensors: ");
          assertRefused(() -> lamb.load(file), said);
        });
  }

  /** What is refused leaves every bit as it was, and the optimizer goes on as it would have. */
  private static void assertUntouched(Lamb lamb, Runnable refusal) {
    lamb.step();
    String before = StateModel.bits(lamb);
    List<LayerStats> norms = lamb.layerStats();
    refusal.run();
    assertEquals(before, StateModel.bits(lamb));
    assertEquals(norms, lamb.layerStats());
    lamb.step();
    assertEquals(2, lamb.stepCount());
  }

  @Test
  void shouldLoadWhatTheOthersBuildOn() throws IOException {
    Lamb lamb = build(LAMB, "a: w h, b: x y");
    lamb.load(file);
    assertEquals(2, lamb.stepCount());
  }

  @Test
  void shouldRefuseAnotherModel() {
    assertUnfit(
        build(LAMB, "a: w h, b: x"), "parameter \"y\" was in group \"b\"", "is not in this");
    assertUnfit(build(LAMB, "a: w h"), "parameter \"x\" was in group \"b\"", "remove it after");
    assertUnfit(
        build(LAMB, "a: w h, b: x y z"), "parameter \"z\" (group \"b\")", "before addGroup");
    assertUnfit(build(LAMB, "a: w h, b: x y, c: z"), "parameter \"z\" (group \"c\")");
  }

  @Test
  void shouldRefuseAnotherModelWhateverElseMayDiffer() {
    Lamb lamb = build(LAMB, "a: w h, b: x");
    assertUntouched(
        lamb,
        () ->
            assertRefused(
                () -> lamb.load(file, LoadOption.values()), "parameter \"y\" was in group"));
  }

  @Test
  void shouldRefuseOtherSizesAndTypesOfWeights() {
    Lamb longer =
        Lamb.onCpu()
            .maxGradNorm(3)
            .group("a", LAMB, Parameter.onHost("w", new float[2], new float[2]), parameter("h"))
            .group("b", LAMB, parameter("x"), parameter("y"))
            .build();
    open.add(longer);
    assertUnfit(longer, "tensor \"exp_avg/w\" has 1 elements, but parameter \"w\" has 2");
    Lamb unmastered =
        Lamb.onCpu()
            .maxGradNorm(3)
            .group("a", LAMB, parameter("w"), Parameter.onHost("h", new float[1], new float[1]))
            .group("b", LAMB, parameter("x"), parameter("y"))
            .build();
    open.add(unmastered);
    assertUnfit(
        unmastered, "parameter \"h\" has F32 weights here", "give it half-precision weights");
  }

  @Test
  void shouldRefuseAFileWithoutTheMaster() throws IOException {
    rewrite(entries -> {}, tensors -> tensors.removeIf(t -> t.name().startsWith("master/")));
    assertUnfit(
        build(LAMB, "a: w h, b: x y"),
        "parameter \"h\" has half-precision weights here",
        "give it F32");
  }

  private static final Map<String, UnaryOperator<Hyperparameters>> OTHERS =
      Map.ofEntries(
          Map.entry("learningRate of step 2", h -> h.withLearningRate(0.09)),
          Map.entry("beta1", h -> h.withBetas(0.8, h.beta2())),
          Map.entry("beta2", h -> h.withBetas(h.beta1(), Math.nextUp(h.beta2()))),
          Map.entry("epsilon", h -> h.withEpsilon(1e-8)),
          Map.entry("weightDecay", h -> h.withWeightDecay(0)),
          Map.entry("decoupledDecay", h -> h.withDecoupledDecay(true)),
          Map.entry("biasCorrection", h -> h.withBiasCorrection(BiasCorrection.LEARNING_RATE)),
          Map.entry("gradientAveraging", h -> h.withGradientAveraging(false)),
          Map.entry("layerAdaptation", h -> h.withLayerAdaptation(LayerAdaptation.WITH_DECAY)),
          Map.entry("weightNormLimits.min", h -> h.withWeightNormLimits(new Limits(1, 1 / 0.0))),
          Map.entry("weightNormLimits.max", h -> h.withWeightNormLimits(Limits.atMost(5))),
          Map.entry("trustRatioLimits.min", h -> h.withTrustRatioLimits(new Limits(1, 1 / 0.0))),
          Map.entry("trustRatioLimits.max", h -> h.withTrustRatioLimits(Limits.atMost(5))),
          Map.entry("updateRule", h -> h.withUpdateRule(UpdateRule.LANS)));

  static List<String> hyperparameters() {
    return OTHERS.keySet().stream().sorted().toList();
  }

  @Test
  void shouldTryEveryHyperparameterThatThereIs() {
    Set<String> names = new HashSet<>(LAMB.values().keySet());
    names.add("learningRate of step 2");
    assertEquals(names, OTHERS.keySet());
  }

  @ParameterizedTest
  @MethodSource("hyperparameters")
  void shouldRefuseOtherHyperparametersUnlessTold(String name) throws IOException {
    Hyperparameters other = OTHERS.get(name).apply(LAMB);
    Lamb lamb = build(other, "a: w h, b: x y");
    String option = name.startsWith("learningRate") ? "OTHER_LEARNING_RATE" : "OTHER_HYPER";
    assertUnfit(lamb, "group \"a\": " + name + " was ", " and is ", "LoadOption." + option);
    lamb.load(file, LoadOption.OTHER_HYPERPARAMETERS);
    assertEquals(2, lamb.stepCount());
  }

  @Test
  void shouldSayBothValues() {
    assertUnfit(
        build(LAMB.withBetas(0.8, 0.999), "a: w h, b: x y"), "beta1 was 0.9 and is 0.8 here");
    assertUnfit(
        build(LAMB.withLearningRate(0.09), "a: w h, b: x y"),
        "learningRate of step 2 was 0.1 and is 0.09 here",
        "call setLearningRate(\"a\", 0.1) before loading");
    assertUnfit(
        build(Lamb.onCpu(), LAMB, "a: w h, b: x y"), "maxGradNorm was 3.0 and is none here");
    assertUnfit(
        build(Lamb.onCpu().maxGradNorm(4), LAMB, "a: w h, b: x y"), "maxGradNorm was 3.0 and is 4");
    assertUnfit(
        build(
            Lamb.onCpu().maxGradNorm(3).nonFiniteGradients(NonFiniteGradients.SKIP),
            LAMB,
            "a: w h, b: x y"),
        "nonFiniteGradients was PROPAGATE and is SKIP here");
  }

  @Test
  void shouldTakeASameNumberHoweverItIsWritten() throws IOException {
    rewrite(entries -> entries.put("group.1.epsilon", "0.000001"), tensors -> {});
    Lamb lamb = build(LAMB, "a: w h, b: x y");
    lamb.load(file);
    assertEquals(2, lamb.stepCount());
  }

  /** A change of the file's metadata, and what is then said. */
  private record Damage(String key, String value, String said) {}

  static List<Damage> damages() {
    String most = "from 0 to 1152921504606846976";
    return List.of(
        new Damage(
            "format", null, "not a lamb4j optimizer state: metadata key \"format\" is missing"),
        new Damage("format", "pt", "metadata key \"format\" is \"pt\", not \"lamb4j state\""),
        new Damage("version", null, "metadata key \"version\" is missing"),
        new Damage("version", "3", "version \"3\": this lamb4j reads versions 1 to 2"),
        new Damage("step", null, "metadata key \"step\" is missing"),
        new Damage("step", "two", "\"step\" is \"two\": must be a whole number " + most),
        new Damage("step", "-1", "\"step\" is \"-1\": must be"),
        new Damage("step", "9223372036854775808", "\"step\" is \"9223372036854775808\": must be"),
        new Damage("step", "1152921504606846977", "must be a whole number " + most),
        new Damage("skipped", "1152921504606846977", "must be a whole number " + most),
        new Damage("step", "1", "\"group.0.steps\" is \"2\": must be a whole number from 0 to 1"),
        new Damage("skipped", "", "\"skipped\" is \"\": must be"),
        new Damage("group.1.steps", null, "metadata key \"group.1.steps\" is missing"),
        new Damage("group.1.beta2", null, "metadata key \"group.1.beta2\" is missing"),
        new Damage("group.1.beta2", "many\n", "\"group.1.beta2\" is \"many\\u000a\": not a value"),
        new Damage("group.1.beta2", "1.5", "\"group.1.beta2\" is \"1.5\": not a value of beta2"),
        new Damage("group.0.update_rule", "SGD", "\"group.0.update_rule\" is \"SGD\": not a value"),
        new Damage("group.0.decoupled_decay", "yes", "is \"yes\": not a value of decoupledDecay"),
        new Damage("group.0.learning_rate", null, "key \"group.0.learning_rate\" is missing"),
        new Damage("group.0.learning_rate", "slow", "is \"slow\": must be a number"),
        new Damage("max_grad_norm", null, "metadata key \"max_grad_norm\" is missing"),
        new Damage("max_grad_norm", "", "\"max_grad_norm\" is \"\": must be a number"),
        new Damage("non_finite_gradients", "IGNORE", "must be PROPAGATE, SKIP or FAIL"),
        new Damage("group.1.name", "a", "group \"a\" occurs twice or has no parameters"),
        new Damage("group.2.name", "c", "metadata key \"group.2.steps\" is missing"),
        new Damage("group.1.parameter.1", "w", "parameter \"w\" occurs in two groups"));
  }

  @ParameterizedTest
  @MethodSource("damages")
  void shouldRefuseDamagedMetadata(Damage damage) throws IOException {
    rewrite(
        entries -> {
          if (damage.value == null) {
            entries.remove(damage.key);
          } else {
            entries.put(damage.key, damage.value);
          }
        },
        tensors -> {});
    assertUnreadable(damage.said);
  }

  @Test
  void shouldRefuseAGroupThatTheFileDoesNotName() throws IOException {
    rewrite(entries -> entries.remove("group.1.name"), tensors -> {});
    assertUnfit(build(LAMB, "a: w h, b: x y"), "parameter \"x\" (group \"b\") is not in the state");
  }

  @Test
  void shouldRefuseTensorsThatAreMissingOrTooMany() throws IOException {
    rewrite(entries -> {}, tensors -> tensors.removeIf(t -> t.name().equals("exp_avg_sq/x")));
    assertUnreadable("tensor \"exp_avg_sq/x\" is missing");
    save();
    for (String name : List.of("exp_avg/z", "master/z", "x")) {
      rewrite(
          entries -> {},
          tensors -> tensors.add(new TensorSource(name, List.of(0L), (offset, target) -> {})));
      assertUnreadable("unexpected tensor \"" + name + "\": the optimizer has no such parameter");
      save();
    }
  }

  @Test
  void shouldRefuseTensorsOfAnotherType() throws IOException {
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    Files.writeString(file, bytes.replaceFirst("F32", "I32"), StandardCharsets.ISO_8859_1);
    assertUnreadable("tensor \"exp_avg/w\" is I32; convert it to F32");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1, 0.5, 0.99})
  void shouldRefuseAFileThatIsCutShort(double part) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, (int) (part * bytes.length)));
    assertUnreadable("state.safetensors: ");
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    assertUnreadable("truncated");
  }

  @Test
  void shouldRefuseWhatIsNoFile() throws IOException {
    Files.delete(file);
    assertUnreadable("no such file");
    Files.createDirectory(file);
    assertUnreadable("not a regular file");
  }

  private void assertUnreadable(String said) {
    Lamb lamb = build(LAMB, "a: w h, b: x y");
    assertUntouched(
        lamb,
        () -> {
          String message =
              assertThrows(SafetensorsException.class, () -> lamb.load(file)).getMessage();
          assertTrue(message.contains("state.safetensors: "), message);
          assertTrue(message.contains(said), message);
        });
  }

  /** Writes the file again, with other metadata or other tensors. */
  private void rewrite(Consumer<Map<String, String>> metadata, Consumer<List<TensorSource>> tensors)
      throws IOException {
    try (SafetensorsFile old = SafetensorsFile.open(file)) {
      Map<String, String> entries = new TreeMap<>(old.metadata());
      metadata.accept(entries);
      List<TensorSource> sources = new ArrayList<>();
      for (TensorInfo tensor : old.tensors()) {
        sources.add(
            new TensorSource(
                tensor.name(),
                tensor.shape(),
                (offset, target) -> old.read(tensor, offset, target)));
      }
      tensors.accept(sources);
      SafetensorsWriter.write(file, entries, sources);
    }
  }

  @Test
  void shouldRefuseEverythingOnceClosed() {
    Lamb lamb = build(LAMB, "a: w h, b: x y");
    lamb.close();
    assertUntimely(() -> lamb.save(file), "closed");
    assertUntimely(() -> lamb.load(file), "closed");
  }

  /** The schedule is asked when a state is loaded: it cannot be used to get in between. */
  @Test
  void shouldRefuseCallsFromWithinASchedule() throws IOException {
    List<String> refusals = new ArrayList<>();
    List<Lamb> self = new ArrayList<>();
    Schedule nosy =
        step -> {
          if (step == 2 && !self.isEmpty()) {
            assertUntimely(() -> self.get(0).save(file), "in use");
            assertUntimely(() -> self.get(0).load(file), "in use");
            refusals.add("both");
          }
          return step < 2 ? 0.05 : 0.1;
        };
    Lamb lamb = build(LAMB.withLearningRate(nosy), "a: w h, b: x y");
    self.add(lamb);
    lamb.load(file);
    lamb.save(file);
    assertEquals(2, refusals.size());
  }
}
