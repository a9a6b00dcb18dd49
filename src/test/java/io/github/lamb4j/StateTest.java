package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A state that is saved and loaded is the state, and the run goes on as if nothing had been. */
class StateTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("state.safetensors");
  }

  private static Lamb one(Hyperparameters hyperparameters, float[] w, float[] g) {
    return Lamb.onCpu().group("all", hyperparameters, Parameter.onHost("w", w, g)).build();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8})
  void shouldGoOnBitForBitInAnotherOptimizer(int stop) throws IOException {
    StateModel whole = StateModel.fresh();
    StateModel stopped = StateModel.fresh();
    try (Lamb lamb = whole.build(Lamb.onCpu(), 0)) {
      whole.run(lamb, 0, StateModel.ATTEMPTS);
      String expected = StateModel.bits(lamb);
      assertTrue(expected.startsWith("step 7 skipped 2"), expected);
      try (Lamb first = stopped.build(Lamb.onCpu(), 0)) {
        stopped.run(first, 0, stop);
        first.save(file);
        StateModel restarted = stopped.restarted(stop);
        try (Lamb second = restarted.build(Lamb.onCpu().threads(1), stop)) {
          second.load(file);
          assertEquals(StateModel.bits(first), StateModel.bits(second));
          restarted.run(second, stop, StateModel.ATTEMPTS);
          assertEquals(expected, StateModel.bits(second));
          assertEquals(lamb.layerStats().toString(), second.layerStats().toString());
        }
      }
    }
  }

  @Test
  void shouldGoOnWithoutNoticingThatItWasSaved() throws IOException {
    StateModel saved = StateModel.fresh();
    StateModel plain = StateModel.fresh();
    try (Lamb lamb = saved.build(Lamb.onCpu(), 0);
        Lamb other = plain.build(Lamb.onCpu(), 0)) {
      for (int i = 0; i < StateModel.ATTEMPTS; i++) {
        saved.run(lamb, i, i + 1);
        plain.run(other, i, i + 1);
        lamb.save(file);
      }
      assertEquals(StateModel.bits(other), StateModel.bits(lamb));
    }
  }

  @Test
  void shouldGoBackInTheSameOptimizer() throws IOException {
    float[] w = {1, 2};
    try (Lamb lamb = one(Hyperparameters.lamb(0.1), w, new float[] {1, -1})) {
      lamb.step();
      lamb.save(file);
      float[] weights = w.clone();
      lamb.step();
      float[] after = w.clone();
      System.arraycopy(weights, 0, w, 0, 2);
      lamb.load(file);
      assertEquals(1, lamb.stepCount());
      assertUntimely(lamb::layerStats, "no step");
      lamb.step();
      assertArrayEquals(Numbers.bits(after), Numbers.bits(w));
    }
  }

  static List<float[]> contents() {
    float[] large = new float[4097];
    for (int i = 0; i < large.length; i++) {
      large[i] = i;
    }
    float payload = Float.intBitsToFloat(0xffc12345);
    return List.of(
        new float[0],
        new float[] {-0f},
        new float[] {Float.NaN, payload, 1 / 0f, -1 / 0f, Float.MIN_VALUE, -1, Float.MAX_VALUE},
        large);
  }

  @ParameterizedTest
  @MethodSource("contents")
  void shouldKeepEveryBitOfAMoment(float[] moment) throws IOException {
    int count = moment.length;
    try (Lamb lamb = one(Hyperparameters.lamb(0.1), new float[count], new float[count]);
        Lamb other = one(Hyperparameters.lamb(0.1), new float[count], new float[count])) {
      lamb.writeState("w", StateArray.FIRST_MOMENT, 0, FloatBuffer.wrap(moment));
      lamb.writeState("w", StateArray.SECOND_MOMENT, 0, FloatBuffer.wrap(moment));
      lamb.resumeAt(1L << 60);
      lamb.save(file);
      other.load(file);
      assertEquals(1L << 60, other.stepCount());
      for (StateArray which : StateArray.of(false)) {
        assertArrayEquals(
            Numbers.bits(moment), Numbers.bits(Numbers.moment(other, "w", which, count)));
      }
    }
  }

  /** A tensor of more than one piece, whose last is ragged. */
  @Test
  void shouldKeepATensorOfSeveralPieces() throws IOException {
    int count = (2 << 20) + 3;
    short[] half = new short[count];
    short[] other = new short[count];
    for (int i = 0; i < count; i++) {
      half[i] = (short) (i % 0x7c00);
    }
    try (Lamb lamb = halves(half);
        Lamb second = halves(other)) {
      FloatBuffer moment = FloatBuffer.allocate(count);
      for (int i = 0; i < count; i++) {
        moment.put(i, i);
      }
      lamb.writeState("h", StateArray.SECOND_MOMENT, 0, moment);
      lamb.save(file);
      second.load(file);
      assertArrayEquals(half, other);
      assertArrayEquals(
          moment.array(), Numbers.moment(second, "h", StateArray.SECOND_MOMENT, count));
    }
  }

  private static Lamb halves(short[] weights) {
    HostArray gradients = HostArray.f16(new short[weights.length]);
    return Lamb.onCpu()
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onHost("h", HostArray.f16(weights), gradients))
        .build();
  }

  @Test
  void shouldSaveARunThatNonFiniteGradientsEndedAndGoOn() throws IOException {
    float[] g = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .nonFiniteGradients(NonFiniteGradients.FAIL)
            .group("all", Hyperparameters.lamb(0.1), Parameter.onHost("w", new float[] {1}, g))
            .build()) {
      lamb.step();
      g[0] = Float.NaN;
      lamb.step();
      lamb.step();
      assertUntimely(() -> lamb.report(lamb.newReport()), "not finite");
      lamb.save(file);
      lamb.load(file);
      lamb.report(lamb.newReport());
      assertEquals(1, lamb.stepCount());
      assertEquals(2, lamb.skippedSteps());
      g[0] = 1;
      lamb.step();
      assertEquals(2, lamb.stepCount());
    }
  }

  @Test
  void shouldForgetParametersThatWereRemoved() throws IOException {
    StateModel model = StateModel.fresh();
    try (Lamb lamb = model.build(Lamb.onCpu(), StateModel.ATTEMPTS)) {
      model.attempt(lamb, 0);
      lamb.removeParameters("w", "c");
      model.attempt(lamb, 1);
      lamb.save(file);
      String bits = StateModel.bits(lamb);
      try (SafetensorsFile state = SafetensorsFile.open(file)) {
        assertTrue(state.tensor("exp_avg/one").isPresent());
        assertTrue(state.tensor("exp_avg/w").isEmpty());
      }
      lamb.resumeAt(0);
      lamb.load(file);
      assertEquals(bits, StateModel.bits(lamb));
    }
  }

  @Test
  void shouldTakeOtherHyperparametersIfToldSo() throws IOException {
    float[] w = {1, 2};
    try (Lamb lamb = one(Hyperparameters.lamb(0.1), w, new float[] {1, -1});
        Lamb other =
            Lamb.onCpu()
                .maxGradNorm(1)
                .group(
                    "all",
                    Hyperparameters.lans(0.2).withBetas(0.5, 0.6).withWeightDecay(0),
                    Parameter.onHost("w", new float[2], new float[2]))
                .build()) {
      lamb.step();
      lamb.save(file);
      other.load(file, LoadOption.OTHER_HYPERPARAMETERS);
      assertEquals(1, other.stepCount());
      assertArrayEquals(
          Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 2),
          Numbers.moment(other, "w", StateArray.SECOND_MOMENT, 2));
      assertEquals(0.5, other.groups().get(0).hyperparameters().beta1());
    }
  }

  @Test
  void shouldTakeAnySchedulesBeforeTheFirstStep() throws IOException {
    try (Lamb lamb = one(Hyperparameters.lamb(0.1), new float[1], new float[1]);
        Lamb other = one(Hyperparameters.lamb(0.2), new float[1], new float[1])) {
      lamb.save(file);
      other.load(file);
      assertEquals(0, other.stepCount());
    }
  }

  @Test
  void shouldReplaceTheFileThatItLoaded() throws IOException {
    StateModel model = StateModel.fresh();
    try (Lamb lamb = model.build(Lamb.onCpu(), 0)) {
      model.run(lamb, 0, 2);
      lamb.save(file);
      byte[] before = Files.readAllBytes(file);
      lamb.load(file);
      lamb.save(file);
      assertArrayEquals(before, Files.readAllBytes(file));
      model.run(lamb, 2, 4);
      lamb.save(file);
      lamb.load(file);
      assertEquals(3, lamb.stepCount());
    }
  }

  @Test
  void shouldWriteWhatOthersCanRead() throws IOException {
    StateModel model = StateModel.fresh();
    try (Lamb lamb = model.build(Lamb.onCpu(), 0)) {
      model.run(lamb, 0, StateModel.ATTEMPTS);
      lamb.save(file);
      try (SafetensorsFile state = SafetensorsFile.open(file)) {
        assertEquals(8 * 2 + 3, state.tensors().size());
        float[] m = new float[33];
        state.read(state.tensor("exp_avg/b").orElseThrow(), 0, FloatBuffer.wrap(m));
        assertArrayEquals(Numbers.moment(lamb, "b", StateArray.FIRST_MOMENT, 33), m);
        FloatBuffer master = FloatBuffer.allocate(33);
        lamb.readState("b", StateArray.MASTER, 0, master);
        state.read(state.tensor("master/b").orElseThrow(), 0, FloatBuffer.wrap(m));
        assertArrayEquals(master.array(), m);
        assertEquals(List.of(33L), state.tensor("master/b").orElseThrow().shape());
        assertEquals("7", state.metadata().get("step"));
        assertEquals("2", state.metadata().get("skipped"));
        assertEquals("3.0", state.metadata().get("max_grad_norm"));
        assertEquals("SKIP", state.metadata().get("non_finite_gradients"));
        assertEquals("half", state.metadata().get("group.1.name"));
        assertEquals("LANS", state.metadata().get("group.1.update_rule"));
        assertEquals("b", state.metadata().get("group.1.parameter.1"));
        assertEquals("true", state.metadata().get("group.2.decoupled_decay"));
        assertEquals("4", state.metadata().get("group.3.steps"));
        assertEquals("Infinity", state.metadata().get("group.3.trust_ratio_limits.max"));
        Schedule schedule = lamb.groups().get(3).hyperparameters().learningRate();
        assertEquals(
            schedule.at(4), Double.parseDouble(state.metadata().get("group.3.learning_rate")));
      }
    }
  }

  @Test
  void shouldRefuseWhereNoFileCanBeWritten() throws IOException {
    try (Lamb lamb = one(Hyperparameters.lamb(0.1), new float[1], new float[1])) {
      lamb.save(file);
      Path link = Files.createSymbolicLink(directory.resolve("link"), file);
      assertSays(() -> lamb.save(link), "link", "symbolic link");
      lamb.load(link);
      assertSays(() -> lamb.save(directory), "regular file");
      Path nowhere = directory.resolve("nowhere").resolve("state");
      assertSays(() -> lamb.save(nowhere), "nowhere", "create it first");
      Refusals.assertRefused(() -> lamb.save(null), "file: null");
      Refusals.assertRefused(() -> lamb.load(null), "file: null");
      Refusals.assertRefused(() -> lamb.load(file, (LoadOption[]) null), "accepted: null");
    }
  }

  private static void assertSays(org.junit.jupiter.api.function.Executable call, String... said) {
    String message = assertThrows(IOException.class, call).getMessage();
    for (String part : said) {
      assertTrue(message.contains(part), message);
    }
  }
}
