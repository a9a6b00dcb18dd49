package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A state crosses between a program and {@code lamb step} in both directions, bit for bit. */
class StateCrossingTest {

  private static final int FILES = 6;

  /** The file whose gradients are not finite. */
  private static final int SKIPPED = 2;

  private static final Schedule SCHEDULE = Schedule.linearWarmup(0.02, 4);

  private static final Path OLD = Path.of("src/test/resources/step-1");

  private static final Map<String, long[]> SHAPES = new LinkedHashMap<>();

  static {
    SHAPES.put("dense.weight", shape(40, 70));
    SHAPES.put("dense.bias", shape(70));
    SHAPES.put("head.weight", shape(3, 5, 1));
    SHAPES.put("norm", shape(7));
    SHAPES.put("scalar", shape());
  }

  @TempDir Path folder;

  private final Random random = new Random(5);
  private Path params;

  @BeforeEach
  void makeFiles() throws IOException {
    params = write("params", 1, false);
    for (int i = 0; i < FILES; i++) {
      write("g" + i, 0.3, i == SKIPPED);
    }
  }

  private Path write(String name, double scale, boolean bad) throws IOException {
    Checkpoint checkpoint = new Checkpoint();
    SHAPES.forEach(
        (tensor, shape) -> {
          int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
          float[] values = Checkpoint.gaussian(random, count, scale);
          if (bad) {
            values[0] = Float.NaN;
          }
          boolean half = tensor.equals("norm") || tensor.startsWith("head");
          if (half && name.equals("params")) {
            short[] bits = new short[count];
            for (int i = 0; i < count; i++) {
              bits[i] =
                  (short) (0x3c00 + random.nextInt(0x100)); // near 1 in F16, near 0.008 in BF16
            }
            checkpoint.half(tensor, tensor.equals("norm") ? "BF16" : "F16", shape, bits);
          } else {
            checkpoint.f32(tensor, shape, values);
          }
        });
    return checkpoint.write(folder.resolve(name));
  }

  /** A program that trains the tensors of a file. */
  private final class Program implements AutoCloseable {
    private final Map<String, FloatBuffer> gradients = new LinkedHashMap<>();
    private final Map<String, Weights> weights = new LinkedHashMap<>();
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();
    private final List<Parameter> parameters = new ArrayList<>();
    private Lamb lamb;

    Program(Path params) throws IOException {
      try (TensorFiles file = TensorFiles.open(params)) {
        for (TensorInfo info : file.tensors()) {
          Weights own = Weights.read(file, info);
          FloatBuffer gradient = FloatBuffer.allocate((int) info.elementCount());
          infos.put(info.name(), info);
          weights.put(info.name(), own);
          gradients.put(info.name(), gradient);
          parameters.add(Parameter.onHost(info.name(), own.array(), HostArray.f32(gradient)));
        }
      }
    }

    List<Parameter> named(String... names) {
      return Arrays.stream(names)
          .map(name -> parameters.stream().filter(p -> p.name().equals(name)).findFirst())
          .map(parameter -> parameter.orElseThrow())
          .toList();
    }

    void step(int from, int to) throws IOException {
      for (int i = from; i < to; i++) {
        for (Map.Entry<String, float[]> own :
            Checkpoint.values(folder.resolve("g" + i)).entrySet()) {
          gradients.get(own.getKey()).clear().put(own.getValue());
        }
        lamb.step();
      }
    }

    /** Saves weights and state. */
    void save(String name) throws IOException {
      List<TensorSource> sources = new ArrayList<>();
      weights.forEach(
          (tensor, own) ->
              sources.add(
                  new TensorSource(
                      tensor,
                      own.type(),
                      infos.get(tensor).shape(),
                      (offset, target) -> own.copy((int) offset, target))));
      SafetensorsWriter.write(folder.resolve(name + ".params"), Map.of(), sources);
      lamb.save(folder.resolve(name + ".state"));
    }

    @Override
    public void close() {
      lamb.close();
    }
  }

  /** Groups of several kinds, which differ in more than the command line can say. */
  private Program grouped(Path params) throws IOException {
    Program program = new Program(params);
    Hyperparameters base = Hyperparameters.lamb(SCHEDULE);
    program.lamb =
        Lamb.onCpu()
            .maxGradNorm(0.7)
            .nonFiniteGradients(NonFiniteGradients.SKIP)
            .group("heads", base.withBetas(0.8, 0.99), program.named("head.weight", "norm"))
            .group("weights", base.withWeightDecay(0.1), program.named("dense.weight"))
            .group("rest", base.withWeightDecay(0), program.named("scalar", "dense.bias"))
            .build();
    return program;
  }

  /** The rate of each file: a skipped step does not move the schedule. */
  private static String rates(int from, int to) {
    List<String> rates = new ArrayList<>();
    for (int i = from; i < to; i++) {
      rates.add("" + SCHEDULE.at(i >= SKIPPED ? Math.max(i, 1) : i + 1));
    }
    return String.join(",", rates);
  }

  private CommandRun lambStep(Path params, Path state, Path out, int from, int to, String... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int i = from; i < to; i++) {
      arguments.addAll(List.of("--grads", folder.resolve("g" + i)));
    }
    arguments.addAll(List.of("--lr", rates(from, to)));
    arguments.addAll(Arrays.asList(more));
    return CommandRun.done(arguments.toArray());
  }

  /** Every bit of weights, moments and masters, whatever the shapes. */
  private static void assertSameTensors(Path expected, Path actual) throws IOException {
    Map<String, float[]> own = Checkpoint.values(actual);
    Map<String, float[]> others = Checkpoint.values(expected);
    assertEquals(others.keySet(), own.keySet());
    for (String name : own.keySet()) {
      assertArrayEquals(bits(others.get(name)), bits(own.get(name)), name);
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 5})
  void shouldContinueWhatAProgramSaved(int split) throws IOException {
    try (Program program = grouped(params)) {
      program.step(0, split);
      program.save("half");
      program.step(split, FILES);
      program.save("whole");
    }
    Path out = folder.resolve("out");
    lambStep(folder.resolve("half.params"), folder.resolve("half.state"), out, split, FILES);
    assertSameTensors(folder.resolve("whole.params"), out.resolve("params.safetensors"));
    assertSameTensors(folder.resolve("whole.state"), out.resolve("state.safetensors"));
    Map<String, String> expected = Checkpoint.metadata(folder.resolve("whole.state"));
    Map<String, String> actual = Checkpoint.metadata(out.resolve("state.safetensors"));
    assertEquals("1", expected.get("skipped"));
    expected.forEach((key, value) -> assertEquals(value, actual.get(key), key));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void shouldBeContinuedByAProgram(int split) throws IOException {
    String[] options = {
      "--preset=apex", "--no-decay=bias|norm", "--no-adapt=head", "--skip-nonfinite"
    };
    Path whole = folder.resolve("whole");
    lambStep(params, null, whole, 0, FILES, options);
    Path half = folder.resolve("half");
    lambStep(params, null, half, 0, split, options);
    try (Program program = new Program(half.resolve("params.safetensors"))) {
      program.lamb = asInApex(program).build();
      program.lamb.load(half.resolve("state.safetensors"));
      assertEquals(split > SKIPPED ? 1 : 0, program.lamb.skippedSteps());
      program.step(split, FILES);
      program.save("continued");
    }
    assertSameTensors(whole.resolve("params.safetensors"), folder.resolve("continued.params"));
    assertSameTensors(whole.resolve("state.safetensors"), folder.resolve("continued.state"));
  }

  private LambBuilder asInApex(Program program) {
    return Lamb.onCpu()
        .maxGradNorm(Preset.APEX.maxGradNorm().getAsDouble())
        .nonFiniteGradients(NonFiniteGradients.SKIP)
        .groups(
            "model",
            Preset.APEX.hyperparameters(SCHEDULE),
            program.parameters,
            NameRule.noDecay("bias|norm"),
            NameRule.noAdaptation("head"));
  }

  @Test
  void shouldComeBackAsItLeft() throws IOException {
    Path first = folder.resolve("first");
    lambStep(params, null, first, 0, 3, "--skip-nonfinite", "--grad-scale=2");
    try (Program program = new Program(first.resolve("params.safetensors"))) {
      program.lamb =
          Lamb.onCpu()
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .group("model", Hyperparameters.lamb(SCHEDULE), program.parameters)
              .build();
      program.lamb.load(first.resolve("state.safetensors"));
      program.save("again");
    }
    Path out = folder.resolve("out");
    lambStep(
        folder.resolve("again.params"),
        folder.resolve("again.state"),
        out,
        3,
        FILES,
        "--grad-scale=2");
    Path expected = folder.resolve("expected");
    Path state = first.resolve("state.safetensors");
    lambStep(first.resolve("params.safetensors"), state, expected, 3, FILES);
    for (String name : List.of("params.safetensors", "state.safetensors")) {
      assertSameTensors(expected.resolve(name), out.resolve(name));
    }
  }

  @Test
  void shouldKeepTheStepCountsOfGroupsThatWereAddedLater() throws IOException {
    try (Program program = new Program(params)) {
      Hyperparameters constant = Hyperparameters.lamb(0.02);
      program.lamb = Lamb.onCpu().group("a", constant, program.named("dense.weight")).build();
      program.step(0, 2);
      program.lamb.addGroup(
          new io.github.lamb4j.model.ParameterGroup(
              "b", constant, program.named("dense.bias", "head.weight", "norm", "scalar")));
      program.save("half");
      program.step(3, 5);
      program.save("whole");
    }
    Path out = folder.resolve("out");
    CommandRun.done(
        "step",
        "--params",
        folder.resolve("half.params"),
        "--state",
        folder.resolve("half.state"),
        "--grads",
        folder.resolve("g3"),
        "--grads",
        folder.resolve("g4"),
        "--lr=0.02",
        "--out",
        out);
    assertSameTensors(folder.resolve("whole.params"), out.resolve("params.safetensors"));
    assertSameTensors(folder.resolve("whole.state"), out.resolve("state.safetensors"));
    Map<String, String> metadata = Checkpoint.metadata(out.resolve("state.safetensors"));
    assertEquals("4", metadata.get("group.0.steps"));
    assertEquals("2", metadata.get("group.1.steps"));
  }

  @Test
  void shouldContinueAnOldStateOfLambStep() throws IOException {
    Path out = folder.resolve("out");
    CommandRun run =
        CommandRun.done(
            "step",
            "--params",
            OLD.resolve("params.safetensors"),
            "--state",
            OLD.resolve("state.safetensors"),
            "--grads",
            OLD.resolve("grads.safetensors"),
            "--lr=0.03",
            "--out",
            out);
    assertTrue(run.out().contains("1 step(s), now at step 3"), run.out());
    assertSameTensors(OLD.resolve("next-params.safetensors"), out.resolve("params.safetensors"));
    assertSameTensors(OLD.resolve("next-state.safetensors"), out.resolve("state.safetensors"));
    Map<String, String> metadata = Checkpoint.metadata(out.resolve("state.safetensors"));
    assertEquals("1", metadata.get("skipped"));
    assertEquals("apex", metadata.get("preset"));
    assertEquals("4.0", metadata.get("grad_scale"));
    assertEquals("SKIP", metadata.get("non_finite_gradients"));
  }

  @Test
  void shouldLoadAnOldStateOfLambStepIntoAProgram() throws IOException {
    try (Program program = new Program(OLD.resolve("params.safetensors"))) {
      Hyperparameters base =
          Preset.APEX.hyperparameters(0.05).withBetas(0.9, 0.98).withWeightDecay(0.1);
      NameRule[] rules = {NameRule.noDecay("bias|norm"), NameRule.noAdaptation("head")};
      program.lamb =
          Lamb.onCpu()
              .maxGradNorm(0.5)
              .lossScale(io.github.lamb4j.model.Scalar.of(4))
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .groups("model", base, program.parameters, rules)
              .build();
      program.lamb.load(OLD.resolve("state.safetensors"));
      assertEquals(2, program.lamb.stepCount());
      assertEquals(1, program.lamb.skippedSteps());
      program.save("loaded");
      assertSameTensors(OLD.resolve("state.safetensors"), folder.resolve("loaded.state"));
    }
    try (Program other = new Program(OLD.resolve("params.safetensors"))) {
      other.lamb =
          Lamb.onCpu().group("model", Hyperparameters.lamb(0.05), other.parameters).build();
      Path state = OLD.resolve("state.safetensors");
      String refusal =
          assertThrows(IllegalArgumentException.class, () -> other.lamb.load(state)).getMessage();
      assertTrue(refusal.contains("maxGradNorm was 0.5 and is none here"), refusal);
      other.lamb.load(state, LoadOption.OTHER_HYPERPARAMETERS); // its parameters are in one group
      assertEquals(2, other.lamb.stepCount());
    }
  }
}
