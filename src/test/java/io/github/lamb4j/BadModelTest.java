package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Models that {@code build()} rejects without changing any array. */
class BadModelTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  private final float[] array = Numbers.normal(new Random(1), 100, 1);
  private final int[] before = Numbers.bits(array);

  @AfterEach
  void shouldHaveChangedNothing() {
    assertArrayEquals(before, Numbers.bits(array));
  }

  private FloatBuffer slice(int from, int count) {
    return FloatBuffer.wrap(array, from, count);
  }

  private static Parameter host(String name) {
    return Parameter.onHost(name, new float[1], new float[1]);
  }

  private static Parameter device(String name, long weights, long gradients, long count) {
    return Parameter.onDevice(name, at(weights), at(gradients), count);
  }

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Validation needs no driver, so none is given. */
  private static LambBuilder onCuda() {
    return LambBuilders.onCuda(null, CudaStream.LEGACY);
  }

  @Test
  void shouldRejectModelWithoutGroups() {
    assertRefused(() -> Lamb.onCpu().build(), "no parameter group", "group(...)");
    assertRefused(() -> Lamb.onCpu().maxGradNorm(1).threads(2).build(), "no parameter group");
  }

  @Test
  void shouldRejectNamesThatNoStateCouldHold() {
    assertRefused(() -> host("d\ud800"), "parameter name d", "surrogate");
    assertRefused(() -> new ParameterGroup("\udc00", LAMB, List.of(host("a"))), "group name");
    assertRefused(() -> host(""), "parameter name: empty");
    host("\ud83d\udc11"); // a pair
  }

  @Test
  void shouldRejectDuplicateNames() {
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, host("a")).group("g", LAMB, host("b")).build(),
        "group g",
        "duplicate name");
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, host("a"), host("a")).build(),
        "parameter a",
        "group g",
        "duplicate name");
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, host("a")).group("h", LAMB, host("a")).build(),
        "parameter a",
        "group h",
        "duplicate name");
  }

  @Test
  void shouldRejectParametersInWrongMemory() {
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, host("a"), device("b", 4096, 8192, 1)).build(),
        "parameter b",
        "group g",
        "Parameter.onHost");
    assertRefused(
        () -> onCuda().group("g", LAMB, device("a", 4096, 8192, 1), host("b")).build(),
        "parameter b",
        "group g",
        "Parameter.onDevice");
    assertRefused(
        () -> LambBuilders.staged(null).group("g", LAMB, device("a", 4096, 8192, 1)).build(),
        "parameter a",
        "group g",
        "Parameter.onHost");
  }

  @Test
  void shouldRejectSameArrayAsWeightsAndGradients() {
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, Parameter.onHost("a", array, array)).build(),
        "weights of a",
        "gradients of a",
        "overlap",
        "allocate each array separately");
  }

  @Test
  void shouldSuggestOneParameterForTiedWeights() {
    String remedy = "for tied weights, use one parameter and sum its gradients";
    assertRefused(
        () ->
            Lamb.onCpu()
                .group(
                    "g",
                    LAMB,
                    Parameter.onHost("embedding", slice(0, 10), slice(40, 10)),
                    Parameter.onHost("output", slice(0, 10), slice(60, 10)))
                .build(),
        "weights of embedding",
        "weights of output",
        remedy);
    assertRefused(
        () ->
            onCuda()
                .group("g", LAMB, device("embedding", 0x1000, 0x8000, 4))
                .group("h", LAMB, device("output", 0x1000, 0x9000, 4))
                .build(),
        "device address 0x1000",
        remedy);
  }

  @Test
  void shouldRejectOverlappingSlices() {
    assertRefused(
        () ->
            Lamb.onCpu()
                .group("g", LAMB, Parameter.onHost("a", slice(0, 10), slice(40, 10)))
                .group("h", LAMB, Parameter.onHost("b", slice(9, 10), slice(60, 10)))
                .build(),
        "weights of a",
        "weights of b",
        "overlap",
        "array index 0x9");
    assertRefused(
        () ->
            Lamb.onCpu()
                .group("g", LAMB, Parameter.onHost("a", slice(20, 30), slice(60, 30)))
                .group("h", LAMB, Parameter.onHost("b", slice(0, 5), slice(70, 5)))
                .build(),
        "gradients of a",
        "gradients of b",
        "overlap");
  }

  @Test
  void shouldRejectOverlapOnStagedBackend() {
    assertRefused(
        () ->
            LambBuilders.staged(null).group("g", LAMB, Parameter.onHost("a", array, array)).build(),
        "weights of a",
        "gradients of a");
  }

  @Test
  void shouldAcceptAdjacentSlices() {
    float[] shared = new float[100];
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "g",
                LAMB,
                Parameter.onHost(
                    "a", FloatBuffer.wrap(shared, 0, 10), FloatBuffer.wrap(shared, 10, 10)),
                Parameter.onHost(
                    "b", FloatBuffer.wrap(shared, 30, 10), FloatBuffer.wrap(shared, 20, 10)),
                Parameter.onHost(
                    "none", FloatBuffer.wrap(shared, 5, 0), FloatBuffer.wrap(shared, 6, 0)))
            .build()) {
      lamb.step();
      assertEquals(1, lamb.stepCount());
    }
  }

  @Test
  void shouldRejectOverlappingDeviceRanges() {
    assertRefused(
        () -> onCuda().group("g", LAMB, device("a", 0x1000, 0x1000, 4)).build(),
        "weights of a",
        "gradients of a",
        "overlap",
        "device address 0x1000");
    assertRefused(
        () ->
            onCuda()
                .group("g", LAMB, device("a", 0x1000, 0x9000, 4))
                .group("h", LAMB, device("b", 0x100c, 0x8000, 4))
                .build(),
        "weights of a",
        "weights of b",
        "0x100c");
  }

  @Test
  void shouldIncludePointerOffsetsInOverlapCheck() {
    CUdeviceptr base = at(0x1000);
    assertRefused(
        () ->
            onCuda()
                .group(
                    "g",
                    LAMB,
                    Parameter.onDevice("a", base, at(0x8000), 8),
                    Parameter.onDevice("b", base.withByteOffset(28), at(0x9000), 8))
                .build(),
        "weights of a",
        "weights of b",
        "0x101c");
  }

  @Test
  void shouldBuildAfterRejectedAttempt() {
    LambBuilder builder = Lamb.onCpu();
    assertRefused(builder::build, "no parameter group");
    float[] w = {1};
    builder.group("g", LAMB, Parameter.onHost("a", w, new float[] {1}));
    try (Lamb lamb = builder.build()) {
      lamb.step();
      assertEquals(0.9f, w[0], 1e-6f);
    }
  }
}
