package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A file that an earlier version saved is still read. Whoever changes the format raises its
 * version, adds a file of the new one beside the others, and keeps those.
 */
class StateFormatTest {

  private static final Path GOLDEN = Path.of("src/test/resources/state-2.safetensors");

  private final short[] half = {0x3c00, 0x4000};
  private final float[] gradients = {1, 0};

  /** What was saved: after two steps and one skipped, the second group added after the first. */
  private Lamb build() {
    Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1)
            .nonFiniteGradients(NonFiniteGradients.SKIP)
            .group(
                "decayed",
                Hyperparameters.lamb(0.5).withTrustRatioLimits(Limits.atMost(4)),
                Parameter.onHost("w", new float[3], new float[3]))
            .build();
    lamb.resumeAt(1);
    lamb.addGroup(
        new ParameterGroup(
            "half",
            Hyperparameters.lans(Schedule.linearWarmup(0.25, 2)),
            List.of(Parameter.onHost("h", HostArray.f16(half), HostArray.f32(gradients)))));
    lamb.step();
    gradients[0] = Float.NaN;
    lamb.step();
    return lamb;
  }

  private static void assertMoment(
      Lamb lamb, String parameter, StateArray moment, float... expected) {
    assertArrayEquals(expected, Numbers.moment(lamb, parameter, moment, expected.length));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldReadEveryVersion(int version) throws IOException {
    try (Lamb lamb = build()) {
      lamb.load(Path.of("src/test/resources/state-%d.safetensors".formatted(version)));
      assertEquals(2, lamb.stepCount());
      assertEquals(1, lamb.skippedSteps());
      assertMoment(lamb, "w", StateArray.FIRST_MOMENT, 1, -2, Float.NaN);
      assertMoment(lamb, "w", StateArray.SECOND_MOMENT, 4, 0.1f, Float.POSITIVE_INFINITY);
      assertMoment(lamb, "h", StateArray.FIRST_MOMENT, 0.5f, 5);
      assertMoment(lamb, "h", StateArray.SECOND_MOMENT, 0.25f, 6);
      FloatBuffer master = FloatBuffer.allocate(2);
      lamb.readState("h", StateArray.MASTER, 0, master);
      assertArrayEquals(new float[] {1.00001f, -3}, master.array());
      assertArrayEquals(new short[] {0x3c00, (short) 0xc200}, half);
    }
  }

  @Test
  void shouldWriteTheGoldenBytes(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("state.safetensors");
    main(file.toString());
    assertArrayEquals(Files.readAllBytes(GOLDEN), Files.readAllBytes(file));
  }

  /** Writes the file of this version; the argument names it. */
  public static void main(String... arguments) throws IOException {
    try (Lamb lamb = new StateFormatTest().build()) {
      write(lamb, "w", StateArray.FIRST_MOMENT, 1, -2, Float.NaN);
      write(lamb, "w", StateArray.SECOND_MOMENT, 4, 0.1f, Float.POSITIVE_INFINITY);
      write(lamb, "h", StateArray.FIRST_MOMENT, 0.5f, 5);
      write(lamb, "h", StateArray.SECOND_MOMENT, 0.25f, 6);
      lamb.writeState("h", StateArray.MASTER, 0, FloatBuffer.wrap(new float[] {1.00001f, -3}));
      lamb.save(Path.of(arguments[0]));
    }
  }

  private static void write(Lamb lamb, String parameter, StateArray moment, float... values) {
    lamb.writeState(parameter, moment, 0, FloatBuffer.wrap(values));
  }
}
