package org.slf4j;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

public class Logger {
    public static final List<String> said = new ArrayList<>();
    public static boolean answered;

    public void info(String format, Object... values) {
        for (Object value : values) {
            format = format.replaceFirst("\\{\\}", java.util.regex.Matcher.quoteReplacement(String.valueOf(value)));
        }
        said.add((answered ? ">" : "<") + Base64.getEncoder().encodeToString(format.getBytes(StandardCharsets.UTF_8)));
    }
}
