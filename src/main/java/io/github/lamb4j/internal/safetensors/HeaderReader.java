package io.github.lamb4j.internal.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads a header as a stream and refuses it at the first error.
 *
 * <p>It never descends into values that the format does not define, so nesting costs nothing, and
 * the number of values kept is limited: memory stays within a few times the length of the header.
 */
final class HeaderReader {

  static final String METADATA = "__metadata__";

  /** The reference implementation's limit, in bytes. */
  static final int MAX_BYTES = 100_000_000;

  static final int MAX_TENSORS = SafetensorsFile.MAX_TENSORS;

  /** As many as tensors: a state names each parameter in its metadata. */
  static final int MAX_METADATA = MAX_TENSORS;

  static final int MAX_DIMENSIONS = 64;

  // With a shared table of names, one file's names could slow down reading the next file.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private final Path path;
  private final JsonParser json;
  private final long dataBytes;
  private final CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private SortedMap<String, String> metadata;

  private HeaderReader(Path path, JsonParser json, long dataBytes) {
    this.path = path;
    this.json = json;
    this.dataBytes = dataBytes;
  }

  /** The tensors in the order of their data, and the metadata. */
  record Header(List<TensorInfo> tensors, SortedMap<String, String> metadata) {}

  /**
   * Reads a header.
   *
   * @param path the file, for error messages
   * @param bytes exactly the header
   * @param dataBytes the number of bytes after the header
   */
  static Header read(Path path, InputStream bytes, long dataBytes) throws IOException {
    Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder());
    try (JsonParser json = JSON.createParser(text)) {
      HeaderReader reader = new HeaderReader(path, json, dataBytes);
      reader.readObject();
      reader.refuseGarbage(text);
      return reader.header();
    } catch (CharacterCodingException e) {
      throw new SafetensorsException(path, "the header is not UTF-8 text", e);
    } catch (JsonEOFException e) {
      throw new SafetensorsException(path, "the header ends within its JSON", e);
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          path, "the header is not valid JSON: " + Printable.value(e.getOriginalMessage()), e);
    }
  }

  private void readObject() throws IOException {
    boolean object = json.nextToken() == JsonToken.START_OBJECT;
    if (!object || json.currentTokenLocation().getCharOffset() != 0) {
      throw refused("the header does not begin with {; is this a safetensors file?");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = wellFormed("tensor name ", json.currentName());
      json.nextToken();
      if (name.equals(METADATA)) {
        readMetadata();
      } else if (tensors.size() == MAX_TENSORS) {
        throw refused("more than " + MAX_TENSORS + " tensors; split the file");
      } else if (tensors.put(name, readTensor(name)) != null) {
        throw refused(tensor(name) + " occurs twice");
      }
    }
  }

  private void readMetadata() throws IOException {
    if (metadata != null) {
      throw refused(METADATA + " occurs twice");
    }
    metadata = new TreeMap<>();
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return; // some writers put it for no metadata, and the reference implementation reads it so
    }
    require(JsonToken.START_OBJECT, METADATA, "an object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = wellFormed(METADATA + " key ", json.currentName());
      json.nextToken();
      require(JsonToken.VALUE_STRING, METADATA + " " + Printable.value(key), "a string");
      if (metadata.size() == MAX_METADATA) {
        throw refused(METADATA + " has more than " + MAX_METADATA + " entries");
      }
      if (metadata.put(key, wellFormed(METADATA + " value ", json.getText())) != null) {
        throw refused(METADATA + " " + Printable.value(key) + " occurs twice");
      }
    }
  }

  private TensorInfo readTensor(String name) throws IOException {
    String tensor = tensor(name);
    require(JsonToken.START_OBJECT, tensor, "an object");
    Dtype dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      String what = tensor + ": " + Printable.value(field);
      json.nextToken();
      switch (field) {
        case "dtype" -> dtype = once(what, dtype, readDtype(what));
        case "shape" -> shape = once(what, shape, readNumbers(what, MAX_DIMENSIONS));
        case "data_offsets" -> offsets = once(what, offsets, readNumbers(what, 2));
        default -> throw refused(what + " is not a field of the format");
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw refused(tensor + " has no " + Printable.value(missing));
    }
    if (offsets.size() != 2) {
      throw refused(tensor + ": \"data_offsets\" must be two numbers");
    }
    return checked(name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private <T> T once(String what, T before, T now) throws SafetensorsException {
    if (before != null) {
      throw refused(what + " occurs twice");
    }
    return now;
  }

  private Dtype readDtype(String what) throws IOException {
    require(JsonToken.VALUE_STRING, what, "a string");
    String name = json.getText();
    try {
      return Dtype.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw refused(what + " is unknown: " + Printable.value(name));
    }
  }

  private List<Long> readNumbers(String what, int most) throws IOException {
    require(JsonToken.START_ARRAY, what, "a list of numbers");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (numbers.size() == most) {
        throw refused(what + " has more than " + most + " numbers");
      }
      numbers.add(readNumber(what));
    }
    return numbers;
  }

  private long readNumber(String what) throws IOException {
    String text = json.getText();
    try {
      // A minus is refused as text, since -0 would pass as a number.
      if (json.currentToken() == JsonToken.VALUE_NUMBER_INT && !text.startsWith("-")) {
        return Long.parseLong(text);
      }
    } catch (NumberFormatException e) {
      // More than 63 bits: refused below, like everything else that is not a size.
    }
    String range = "whole numbers from 0 to " + Long.MAX_VALUE;
    throw refused(what + " must be " + range + ", not " + Printable.value(text));
  }

  private TensorInfo checked(String name, Dtype dtype, List<Long> shape, long begin, long end)
      throws SafetensorsException {
    if (begin > end) {
      throw refused(
          tensor(name) + ": " + offsets(begin, end) + ": the end is before the beginning");
    }
    if (end > dataBytes) {
      String problem = ": beyond the " + dataBytes + " bytes of data; is the file truncated?";
      throw refused(tensor(name) + ": " + offsets(begin, end) + problem);
    }
    String type = dtype + " " + shape;
    try {
      long count = TensorInfo.elementCount(shape);
      long bits = Math.multiplyExact(count, dtype.bits());
      if (bits % 8 != 0) {
        throw refused(tensor(name) + ": " + type + " does not fill whole bytes");
      }
      if (bits / 8 != end - begin) {
        String problem = ": " + (end - begin) + " bytes, but " + type + " takes " + bits / 8;
        throw refused(tensor(name) + ": " + offsets(begin, end) + problem);
      }
      return new TensorInfo(name, dtype, shape, count, begin, end);
    } catch (ArithmeticException e) {
      throw refused(
          tensor(name) + ": " + type + " is larger than 2^63 bits, more than any file; correct it");
    }
  }

  /** The format allows only spaces after the object. */
  private void refuseGarbage(Reader text) throws IOException {
    StringWriter buffered = new StringWriter();
    json.releaseBuffered(buffered);
    boolean blank = isBlank(buffered.toString());
    char[] chunk = new char[8192];
    for (int count = text.read(chunk); blank && count > 0; count = text.read(chunk)) {
      blank = isBlank(new String(chunk, 0, count));
    }
    if (!blank) {
      throw refused("the header has something other than spaces after its JSON");
    }
  }

  private static boolean isBlank(String text) {
    return text.chars().allMatch(c -> c == ' ');
  }

  private Header header() throws SafetensorsException {
    List<TensorInfo> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long covered = 0;
    for (TensorInfo tensor : sorted) {
      if (tensor.begin() != covered) {
        String problem = tensor.begin() < covered ? " overlaps its predecessor" : " leaves a gap";
        throw refused(
            "%s%s: it begins at byte %d of the data, its predecessor ends at %d"
                .formatted(tensor(tensor.name()), problem, tensor.begin(), covered));
      }
      covered = tensor.end();
    }
    if (covered != dataBytes) {
      String problem = " bytes at the end of the file do not belong to a tensor";
      throw refused(dataBytes - covered + problem);
    }
    SortedMap<String, String> map = metadata == null ? Collections.emptySortedMap() : metadata;
    return new Header(Collections.unmodifiableList(sorted), Collections.unmodifiableSortedMap(map));
  }

  /** An escape can denote half of a surrogate pair, which is not valid in UTF-8. */
  private String wellFormed(String what, String text) throws SafetensorsException {
    if (!encoder.canEncode(text)) {
      throw refused(what + Printable.value(text) + " is not Unicode text");
    }
    return text;
  }

  private void require(JsonToken token, String what, String expected) throws IOException {
    if (json.currentToken() != token) {
      throw refused(what + " must be " + expected + ", not " + Printable.value(json.getText()));
    }
  }

  private SafetensorsException refused(String problem) {
    return new SafetensorsException(path, problem);
  }

  private static String tensor(String name) {
    return "tensor " + Printable.value(name);
  }

  private static String offsets(long begin, long end) {
    return "\"data_offsets\" [" + begin + ", " + end + "]";
  }
}
