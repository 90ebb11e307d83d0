package org.springframework.boot.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

// As Spring Boot's with Jackson: parseMap takes an object, blanks around it, and nothing else.
public class JsonParserFactory {
    public static JsonParser getJsonParser() {
        return json -> {
            try {
                return new Reader(json.trim()).object();
            } catch (RuntimeException | StackOverflowError e) {
                throw new JsonParseException(e);
            }
        };
    }

    private static class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        Map<String, Object> object() {
            Map<String, Object> map = new LinkedHashMap<>();
            expect('{');
            if (!skipTo('}')) {
                do {
                    blanks();
                    String name = string();
                    blanks();
                    expect(':');
                    map.put(name, value());
                    blanks();
                } while (skipTo(','));
                expect('}');
            }
            return map;
        }

        private List<Object> list() {
            List<Object> list = new ArrayList<>();
            expect('[');
            if (!skipTo(']')) {
                do {
                    list.add(value());
                    blanks();
                } while (skipTo(','));
                expect(']');
            }
            return list;
        }

        private Object value() {
            blanks();
            char c = text.charAt(at);
            if (c == '{') {
                return object();
            }
            if (c == '[') {
                return list();
            }
            if (c == '"') {
                return string();
            }
            for (String word : List.of("true", "false", "null")) {
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return word.equals("null") ? null : (Object) word.equals("true");
                }
            }
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return Double.valueOf(text.substring(start, at));
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            expect('"');
            for (char c; (c = text.charAt(at++)) != '"'; ) {
                if (c < ' ') {
                    throw new IllegalArgumentException();
                }
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                c = text.charAt(at++);
                int known = "bfnrt\"\\/".indexOf(c);
                if (known >= 0) {
                    out.append("\b\f\n\r\t\"\\/".charAt(known));
                } else if (c == 'u') {
                    out.append((char) Integer.parseInt(text.substring(at, at += 4), 16));
                } else {
                    throw new IllegalArgumentException();
                }
            }
            return out.toString();
        }

        private void blanks() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private boolean skipTo(char c) {
            blanks();
            if (at < text.length() && text.charAt(at) == c) {
                at++;
                return true;
            }
            return false;
        }

        private void expect(char c) {
            if (text.charAt(at++) != c) {
                throw new IllegalArgumentException();
            }
        }
    }
}
