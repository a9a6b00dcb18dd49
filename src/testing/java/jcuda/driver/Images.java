package jcuda.driver;

import java.util.Arrays;

/** Module images: the emulator runs PTX text. */
final class Images {

  private static final int ELF = 0x7f454c46;
  private static final int FAT_BINARY = 0x50ed55ba;

  private Images() {}

  /** The PTX text of an image, up to and including its terminating zero byte. */
  static byte[] ptx(byte[] image) {
    int first = 0;
    for (int i = 0; i < Math.min(4, image.length); i++) {
      first = first << 8 | image[i] & 0xff;
    }
    if (first == ELF || first == FAT_BINARY) {
      throw new UnsupportedOperationException(
          "cuModuleLoad: this module is a %s, which holds machine code; compile it to PTX (nvcc -ptx)"
              .formatted(first == ELF ? "cubin" : "fat binary"));
    }
    for (int i = 0; i < image.length; i++) {
      if (image[i] == 0) {
        return Arrays.copyOf(image, i + 1);
      }
    }
    throw new IllegalArgumentException(
        "cuModuleLoadData: the PTX text does not end in a zero byte; append one");
  }
}
