#version 330
// One shell of the fur per instance, the first on the skin, the last at the tips.
in vec3 position, normal, groom;
in vec3 lit_root, lit_tip;
in vec3 rest;
in float fur;
uniform mat4 view;
uniform int n_shells;
uniform float fur_length;
out vec3 color, place;
out float hair, height;

void main() {
    height = n_shells > 1 ? float(gl_InstanceID) / float(n_shells - 1) : 0.0;
    vec3 lift = normal * height * (1.0 - 0.35 * height) + groom * (1.1 * height * height);
    gl_Position = view * vec4(position + lift * (fur * fur_length), 1.0);
    color = mix(lit_root, lit_tip, n_shells > 1 ? height : smoothstep(0.0, 0.1, fur) * 0.6);
    place = rest;
    hair = fur;
}
