package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.ReferenceLamb;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code lamb step} of models with weights in half precision, whose masters are in the state. */
@Tag("slow")
class StepHalfTest {

  private static final int STEPS = 3;
  private static final double TOLERANCE = 2e-6;

  @TempDir Path folder;

  private Path params;
  private Path out;

  @BeforeEach
  void makeFiles() throws IOException {
    params = StepModel.mixedParams(1).metadata("format", "pt").write(folder.resolve("p"));
    out = folder.resolve("out");
    for (int i = 0; i < STEPS; i++) {
      StepModel.grads(i).write(folder.resolve("g" + i));
    }
  }

  private Object[] arguments(Path params, Path state, int from, int to, Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int i = from; i < to; i++) {
      arguments.addAll(List.of("--grads", folder.resolve("g" + i)));
    }
    arguments.add("--lr=0.02");
    arguments.addAll(Arrays.asList(options));
    return arguments.toArray();
  }

  private Path params() {
    return out.resolve("params.safetensors");
  }

  private Path state() {
    return out.resolve("state.safetensors");
  }

  private static float rounded(Dtype type, float value) {
    return switch (type) {
      case F16 -> Half.fromF16(Half.toF16(value));
      case BF16 -> Half.fromBf16(Half.toBf16(value));
      default -> value;
    };
  }

  @Test
  void shouldFollowTheFormulaInTheMastersAndRoundThemIntoTheWeights() throws IOException {
    CommandRun.done(arguments(params, null, 0, STEPS));
    StepReference expected = new StepReference(StepModel.mixedParams(1).values());
    for (int i = 0; i < STEPS; i++) {
      expected.step(StepModel.grads(i).values(), 0.02);
    }
    Map<String, float[]> weights = Checkpoint.values(params());
    Map<String, float[]> state = Checkpoint.values(state());
    int masters = 0;
    try (SafetensorsFile before = SafetensorsFile.open(params);
        SafetensorsFile after = SafetensorsFile.open(params())) {
      assertEquals(before.metadata().get("format"), after.metadata().get("format"));
      for (TensorInfo info : before.tensors()) {
        String name = info.name();
        TensorInfo written = after.tensor(name).orElseThrow();
        assertEquals(info.dtype(), written.dtype(), name);
        assertEquals(info.shape(), written.shape(), name);
        boolean half = info.dtype() != Dtype.F32;
        masters += half ? 1 : 0;
        float[] exact = half ? state.get("master/" + name) : weights.get(name);
        assertClose(expected.tensors.get(name).w, exact, name);
        assertClose(expected.tensors.get(name).m, state.get("exp_avg/" + name), name);
        for (int i = 0; i < exact.length; i++) {
          assertEquals(rounded(info.dtype(), exact[i]), weights.get(name)[i], name);
        }
      }
      assertEquals(2 * before.tensors().size() + masters, state.size());
    }
    assertTrue(masters > 2);
  }

  private static void assertClose(double[] expected, float[] actual, String name) {
    double[] difference = expected.clone();
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= actual[i];
    }
    double error = ReferenceLamb.norm(difference);
    assertTrue(error <= TOLERANCE * ReferenceLamb.norm(expected), name + " is off by " + error);
  }

  @Test
  void shouldGiveTheSameBytesInOneCallForEachStep() throws IOException {
    CommandRun.done(arguments(params, null, 0, STEPS));
    byte[] weights = Files.readAllBytes(params());
    byte[] state = Files.readAllBytes(state());
    CommandRun.done(arguments(params, null, 0, 1));
    for (int i = 1; i < STEPS; i++) {
      CommandRun.done(arguments(params(), state(), i, i + 1));
    }
    assertArrayEquals(weights, Files.readAllBytes(params()));
    assertArrayEquals(state, Files.readAllBytes(state()));
  }

  @ParameterizedTest
  @CsvSource({"F16, 15360", "BF16, 16256"})
  void shouldAddUpInTheMasterWhatIsTooLittleForTheWeight(String dtype, short one)
      throws IOException {
    new Checkpoint().half("w", dtype, shape(1), one).write(params);
    Path grads = new Checkpoint().f32("w", 1).write(folder.resolve("g"));
    Object[] first = {
      "step", "--params", params, "--grads", grads, "--lr=1e-4", "--weight-decay=0", "--out", out
    };
    CommandRun.done(first);
    assertEquals(1f, Checkpoint.values(params()).get("w")[0]);
    assertEquals(1 - 1e-4, Checkpoint.values(state()).get("master/w")[0], 1e-7);
    for (int i = 0; i < 60; i++) {
      Object[] next = Arrays.copyOf(first, first.length + 2);
      next[2] = params();
      next[first.length] = "--state";
      next[first.length + 1] = state();
      CommandRun.done(next);
    }
    assertNotEquals(1f, Checkpoint.values(params()).get("w")[0]);
  }

  @Test
  void shouldKeepEveryBitOfTheWeightsIfTheStepIsSkipped() throws IOException {
    short[] all = new short[1 << 16];
    for (int i = 0; i < all.length; i++) {
      all[i] = (short) i;
    }
    Checkpoint model =
        new Checkpoint()
            .half("f16", "F16", shape(1 << 16), all)
            .half("bf16", "BF16", shape(1 << 16), all);
    model.write(params);
    Path grads =
        new Checkpoint()
            .f32("f16", shape(1 << 16), new float[1 << 16])
            .half("bf16", "BF16", shape(1 << 16), all)
            .write(folder.resolve("g"));
    for (int call = 0; call < 2; call++) {
      List<Object> arguments = new ArrayList<>(List.of("step", "--skip-nonfinite", "--lr=1"));
      arguments.addAll(List.of("--params", call == 0 ? params : params(), "--grads", grads));
      arguments.addAll(List.of("--out", out));
      if (call == 1) {
        arguments.addAll(List.of("--state", state())); // masters that are NaN where weights are
      }
      CommandRun.done(arguments.toArray());
      try (SafetensorsFile file = SafetensorsFile.open(params())) {
        assertEquals(2, file.tensors().size());
      }
      byte[] bytes = Files.readAllBytes(params());
      byte[] tail = Arrays.copyOfRange(bytes, bytes.length - (1 << 18), bytes.length);
      byte[] original = model.bytes();
      assertArrayEquals(
          Arrays.copyOfRange(original, original.length - (1 << 18), original.length), tail);
    }
  }

  @Test
  void shouldRefuseAStateWithoutAMaster() throws IOException {
    Checkpoint f32 = new Checkpoint().f32("w", 1, 2);
    f32.write(params);
    f32.write(folder.resolve("g0"));
    CommandRun.done(arguments(params, null, 0, 1));
    new Checkpoint().half("w", "BF16", shape(2), (short) 0x3F80, (short) 0x4000).write(params);
    CommandRun.refused(
        folder,
        state()
            + ": parameter \"w\" has half-precision weights here, but the state has no master weights (\"master/w\")",
        arguments(params, state(), 0, 1));
  }

  @Test
  void shouldRefuseAMasterForFullWeights() throws IOException {
    Checkpoint f32 = new Checkpoint().f32("w", 1, 2);
    f32.write(folder.resolve("g0"));
    new Checkpoint().half("w", "BF16", shape(2), (short) 0x3F80, (short) 0x4000).write(params);
    CommandRun.done(arguments(params, null, 0, 1));
    f32.write(params);
    CommandRun.refused(
        folder,
        state()
            + ": parameter \"w\" has F32 weights here, but the state has master weights (\"master/w\")",
        arguments(params, state(), 0, 1));
  }

  @ParameterizedTest
  @CsvSource({"F16, 32257", "BF16, 32705"})
  void shouldTakeAnyNanForTheMasterOfANan(String dtype, short nan) throws IOException {
    new Checkpoint().half("w", dtype, shape(1), nan).write(params);
    new Checkpoint().f32("w", 1).write(folder.resolve("g0"));
    Checkpoint moments = new Checkpoint().metadata("step", "1").f32("exp_avg/w", 0);
    moments.f32("exp_avg_sq/w", 0).f32("master/w", Float.NaN).write(folder.resolve("s"));
    CommandRun.warned(
        "tensor \"w\" at element 0 is NaN", arguments(params, folder.resolve("s"), 0, 1));
    moments.f32("master/w", Float.POSITIVE_INFINITY).write(folder.resolve("s"));
    CommandRun.refused(
        folder,
        "\"master/w\" holds Infinity at element 0, which does not round to the weight in",
        arguments(params, folder.resolve("s"), 0, 1));
  }

  @Test
  void shouldRefuseWeightsOfAnotherStepThanTheStateOfAProgram() throws IOException {
    CommandRun.done(arguments(params, null, 0, 1));
    Path unpaired = folder.resolve("s");
    try (SafetensorsFile file = SafetensorsFile.open(state())) {
      Map<String, String> metadata = new TreeMap<>(file.metadata());
      metadata.remove("lamb4j.weights_sha256");
      List<TensorSource> tensors = new ArrayList<>();
      for (TensorInfo info : file.tensors()) {
        tensors.add(
            new TensorSource(info.name(), info.shape(), (at, to) -> file.read(info, at, to)));
      }
      SafetensorsWriter.write(unpaired, metadata, tensors);
    }
    CommandRun.refused(
        folder,
        "which does not round to the weight in "
            + params
            + "; pass the weights that were written with this state",
        arguments(params, unpaired, 1, 2));
  }
}
