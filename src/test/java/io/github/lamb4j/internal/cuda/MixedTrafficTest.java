package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.emulator.MemoryModel;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes of device memory that a step moves per element with half precision, with LANS, and when it
 * does not read gradients for their norm. {@link TrafficTest} has the other cases.
 */
@Tag("slow")
class MixedTrafficTest {

  private static final int COUNT = 2048 * 8;
  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);
  private static final Hyperparameters ADAMW = Hyperparameters.adamW(0.1);
  private static final Hyperparameters LANS = Hyperparameters.lans(0.1);

  private static final Form FLOATS = new Form(DType.F32, null, DType.F32);
  private static final Form HALF_GRADIENTS = new Form(DType.F32, null, DType.F16);
  private static final Form COPY = new Form(DType.F32, DType.BF16, DType.F32);
  private static final Form COPY_AND_HALF_GRADIENTS = new Form(DType.F32, DType.F16, DType.BF16);
  private static final Form MASTER = new Form(DType.F16, null, DType.F16);

  static Stream<Arguments> steps() {
    StepPath one = StepPath.SINGLE_PASS;
    StepPath two = StepPath.TWO_PASS;
    return Stream.of(
        Arguments.of(two, LAMB, HALF_GRADIENTS, 40 - 2),
        Arguments.of(two, LAMB, COPY, 40 + 2),
        Arguments.of(two, LAMB, COPY_AND_HALF_GRADIENTS, 40 + 2 - 2),
        Arguments.of(two, LAMB, MASTER, 40 + 2 - 2),
        Arguments.of(one, LAMB, HALF_GRADIENTS, 32 - 2),
        Arguments.of(one, LAMB, COPY, 32 + 2),
        Arguments.of(one, LAMB, MASTER, 32 + 2 - 2),
        Arguments.of(one, ADAMW, HALF_GRADIENTS, 28 - 2),
        Arguments.of(one, ADAMW, COPY, 28 + 2),
        Arguments.of(one, ADAMW, MASTER, 28 + 2 - 2),
        // Gradients are read three times: for their norm, the moments and the second term.
        Arguments.of(two, LANS, FLOATS, 4 + 24 + 20),
        Arguments.of(one, LANS, COPY, 4 + 24 + 20 + 2),
        Arguments.of(one, LANS, HALF_GRADIENTS, 2 + 22 + 18));
  }

  @Tag("kernels")
  @ParameterizedTest
  @MethodSource("steps")
  void shouldMoveTheBytesOfEachElement(
      StepPath path, Hyperparameters hyperparameters, Form form, int bytes) {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, path);
      Tensor p = new MixedModel(side, 1).add("p", form, COUNT);
      p.gradients().put(1, 1);
      try (Lamb lamb = side.builder().group("g", hyperparameters, p.parameter()).build()) {
        device.emulator().forgetLaunches();
        lamb.step();
        assertEquals(bytes, bytes(device));
      }
    }
  }

  private static double bytes(TestDevice device) {
    return TrafficTest.modelBytes(device.emulator().launches()) / COUNT;
  }

  private static List<String> kernels(TestDevice device) {
    return device.emulator().launches().stream()
        .map(LaunchReport::kernel)
        .collect(Collectors.toList());
  }

  @Test
  void shouldReadHalfGradientsTwiceToClip() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.TWO_PASS);
      Tensor p = new MixedModel(side, 1).add("p", HALF_GRADIENTS, COUNT);
      try (Lamb lamb = side.builder().group("g", LAMB, p.parameter()).maxGradNorm(1).build()) {
        device.emulator().forgetLaunches();
        lamb.step();
        assertEquals(40 - 2 + 2, bytes(device));
      }
    }
  }

  @Test
  void shouldNotReadGradientsForAGivenNorm() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.TWO_PASS);
      Tensor p = new MixedModel(side, 1).add("p", FLOATS, COUNT);
      TestArray norm = side.array(DType.F32, 1, "a norm");
      try (Lamb lamb =
          side.builder()
              .group("g", LAMB, p.parameter())
              .maxGradNorm(1)
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .gradientNorm(side.scalar(norm))
              .build()) {
        device.emulator().forgetLaunches();
        lamb.step();
        assertEquals(40, bytes(device));
        assertEquals(
            List.of("gradient_scale", "begin_step", "moments", "trust_ratio", "apply"),
            kernels(device));
      }
    }
  }

  @Test
  void shouldReadGradientsAndWriteNothingWhenSkipping() {
    for (StepPath path : List.of(StepPath.SINGLE_PASS, StepPath.TWO_PASS)) {
      try (TestDevice device = TestDevice.open()) {
        Side side = Side.cuda(device, path);
        Tensor p = new MixedModel(side, 1).add("p", COPY, COUNT);
        p.gradients().put(COUNT - 1, Float.NaN);
        try (Lamb lamb =
            side.builder()
                .group("g", LAMB, p.parameter())
                .nonFiniteGradients(NonFiniteGradients.SKIP)
                .build()) {
          device.emulator().forgetLaunches();
          lamb.step();
          assertEquals(4, bytes(device));
        }
      }
    }
  }

  @Tag("kernels")
  @Test
  void shouldReadTwoArraysAndWriteOneToAccumulate() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.AUTO);
      Tensor p = new MixedModel(side, 1).add("p", FLOATS, COUNT);
      try (Lamb lamb = side.builder().group("g", LAMB, p.parameter()).build()) {
        for (DType type : DType.values()) {
          TestArray added = side.array(type, COUNT, Purpose.ADDED_GRADIENTS, "p");
          device.emulator().forgetLaunches();
          lamb.accumulate("p", added.array());
          assertEquals(List.of("accumulate"), kernels(device));
          assertEquals(4 + type.bytes() + 4, bytes(device), type + "");
        }
      }
    }
  }

  /** Not counting tables, and moments, which are cleared. */
  @Tag("kernels")
  @Test
  void shouldReadHalvesAndWriteFloatsToInitializeMasters() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.AUTO);
      Tensor p = new MixedModel(side, 1).add("p", MASTER, COUNT);
      device.emulator().forgetLaunches();
      side.builder().group("g", LAMB, p.parameter()).build().close();
      assertEquals(2 + 4, bytes(device));
      assertTrue(kernels(device).stream().allMatch("accumulate"::equals), kernels(device) + "");
    }
  }

  /** The limit is a percentage of the instructions for unaligned pointers, and is tight. */
  @Tag("kernels")
  @ParameterizedTest
  @MethodSource("kernels")
  void shouldProcessFourElementsAtOnceWhenAligned(
      String kernel, StepPath path, Hyperparameters hyperparameters, Form form, int percent) {
    long aligned = instructions(kernel, path, hyperparameters, form, 0);
    long unaligned = instructions(kernel, path, hyperparameters, form, 1);
    assertTrue(aligned * 100 <= unaligned * percent, aligned + "/" + unaligned);
  }

  static Stream<Arguments> kernels() {
    StepPath one = StepPath.SINGLE_PASS;
    StepPath two = StepPath.TWO_PASS;
    return Stream.of(
        Arguments.of("apply", two, LAMB, COPY, 54),
        Arguments.of("apply", two, LAMB, MASTER, 47),
        Arguments.of("single_pass", one, LAMB, COPY, 62),
        Arguments.of("single_pass", one, LAMB, MASTER, 63),
        Arguments.of("unadapted_norms", one, ADAMW, COPY, 61),
        Arguments.of("lans_moments", two, LANS, FLOATS, 55),
        Arguments.of("lans_moments", two, LANS, HALF_GRADIENTS, 62),
        Arguments.of("lans_apply", two, LANS, FLOATS, 48),
        Arguments.of("lans_apply", two, LANS, COPY_AND_HALF_GRADIENTS, 53),
        Arguments.of("accumulate", two, LAMB, FLOATS, 45),
        Arguments.of("accumulate", two, LAMB, HALF_GRADIENTS, 58),
        Arguments.of("accumulate", two, LAMB, MASTER, 68));
  }

  /**
   * The instructions of one kernel in a step and in an accumulation of the form's gradients, or in
   * the initialization of its master.
   */
  private static long instructions(
      String kernel, StepPath path, Hyperparameters hyperparameters, Form form, int offset) {
    try (TestDevice device = TestDevice.open()) {
      // Loads of old values are repeated, which would add instructions.
      device.emulator().memoryModel(MemoryModel.SEQUENTIAL);
      Side side = Side.cuda(device, path, purpose -> offset);
      MixedModel model = new MixedModel(side, 1);
      Tensor p = model.add("p", form, COUNT);
      Tensor sum = model.add("sum", FLOATS, COUNT);
      device.emulator().forgetLaunches();
      try (Lamb lamb = side.builder().group("g", hyperparameters, p.parameter()).build();
          Lamb other = side.builder().group("g", hyperparameters, sum.parameter()).build()) {
        lamb.step();
        if (!p.parameter().hasMaster()) {
          other.accumulate("sum", p.gradients().array());
        }
      }
      return device.emulator().launches().stream()
          .filter(launch -> launch.kernel().equals(kernel))
          .mapToLong(LaunchReport::instructions)
          .sum();
    }
  }
}
