package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.sharding.LocalCollective;
import io.github.lamb4j.sharding.NcclCollective;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** NCCL itself, as far as one GPU can try it: a group of one rank. */
@Tag("gpu")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "gpu")
class NcclOnDeviceTest {

  private static final int BYTES = 1 << 20;

  private static NcclCollective open() {
    try {
      return NcclCollective.open(LocalCollective.of(1).get(0), Duration.ofMinutes(1));
    } catch (IllegalStateException e) {
      assumeFalse(e.getMessage().contains("libnccl"), e.getMessage());
      throw e;
    }
  }

  @Test
  void shouldMoveBytesOnTheStream() {
    try (TestDevice device = TestDevice.open();
        NcclCollective ranks = open()) {
      byte[] sent = new byte[BYTES];
      Arrays.fill(sent, (byte) 7);
      long send = device.upload(sent, 0, "sent");
      long receive = device.upload(new byte[BYTES], 0, "received");
      long stream = device.stream().address();
      ranks.allGather(send, receive, BYTES, stream);
      ranks.broadcast(receive, BYTES, 0, stream);
      ranks.allToAll(receive, send, BYTES, stream);
      device.driver().synchronize(device.stream());
      ranks.check();
      assertEquals(Arrays.toString(sent), Arrays.toString(device.download(send, BYTES)));
    }
  }

  /** With one rank the optimizer exchanges nothing, and keeps the bits of one without a group. */
  @Test
  void shouldStepAsWithoutAGroup() {
    try (TestDevice device = TestDevice.open();
        NcclCollective ranks = open()) {
      MixedModel plain = model(device);
      MixedModel sharded = model(device);
      try (Lamb expected = plain.builder().build();
          Lamb actual = sharded.builder().collective(ranks).build()) {
        for (int step = 0; step < 3; step++) {
          plain.nextGradients(1);
          sharded.nextGradients(1);
          expected.step();
          actual.step();
        }
        assertEquals(plain.bits(expected), sharded.bits(actual));
      }
    }
  }

  private static MixedModel model(TestDevice device) {
    return new MixedModel(Side.cuda(device, StepPath.AUTO), 9)
        .group("lamb", Hyperparameters.lamb(0.01), 2049, 5, 4100);
  }
}
