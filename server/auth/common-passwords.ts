// What people choose first, and so what is guessed first. Lower case, with look-alikes undone (`p@ssw0rd` is `password`), and
// without digits or signs at either end: `Password2024!` is found as `password`. Long runs such as `1234567890` and `qwertyuiop`
// are found by rule, not by list. Compiled for this project; no breach data is included.
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  password passwords passwort motdepasse contrasena contraseña senha parola wachtwoord haslo heslo lozinka salasana passw passwd
  passphrase mypassword thepassword newpassword oldpassword yourpassword apassword nopassword passwordpassword passpass
  password one passwordone passwordsafe securepassword strongpassword goodpassword badpassword supersecret topsecret
  secret mysecret secretpassword letmein letmeinnow letmeinplease pleaseletmein openup opensesame openthedoor
  changeme changemenow changeit changethis pleasechange pleasechangeme temporary temp temppassword temppass default
  defaultpassword initial initialpassword welcome welcometo welcomehome welcomeback hello hellohello helloworld hellothere
  hellokitty goodmorning goodbye goodluck admin administrator adminadmin adminpassword adminpass root rootroot toor rootpassword
  superuser sysadmin manager owner operator guest guestguest user username useruser test testtest testing testuser
  testpassword tester demo demodemo demopassword example sample dummy login loginlogin signin access accessdenied enter
  enternow internet computer laptop keyboard monitor windows microsoft google facebook instagram twitter linkedin
  youtube amazon netflix spotify apple android samsung nintendo playstation xbox minecraft fortnite pokemon roblox
  qwerty qwertz azerty qwe qwer asdf asdfgh asdfghjkl zxcvbn zxcvbnm qwertyuiop qwertyui qwertyqwerty asdfasdf zxcvzxcv
  qazwsx qazwsxedc qazwsxedcrfv wsxedc zaqxsw zaqwsx zaqxswcde qaz wsx edc rfv qweasd qweasdzxc asdzxc qweqwe
  abc abcd abcde abcdef abcdefg abcdefgh abcabc aaa aaaa aaaaaa xxx xxxxxx zzz zzzzzz lol lollol
  iloveyou iloveu ilovemyself ilovegod ilovejesus ilovehim iloveher ilovemom ilovemydog ilovemywife ilovemyfamily iloveyouso
  loveyou lovelove lovely lover lovers loveme lovemelove mylove mylover truelove forever foreverlove foreveryoung always
  sunshine sunflower sunlight moonlight starlight rainbow butterfly blossom flower flowers roses daisy jasmine lavender
  princess prince queen king kings kingdom castle dragon dragons dragonball unicorn phoenix monkey monkeys tiger tigers
  lion lions eagle eagles falcon wolf wolves panther bear bears shark dolphin dolphins horse horses kitten kitty pussycat puppy
  doggy chicken turtle spider scorpion cookie cookies chocolate strawberry banana cherry orange apples pineapple coconut
  cheese cheesecake pizza hamburger pepper ginger peanut butter buttercup sugar honey coffee starbucks cocacola pepsi
  football footballer soccer baseball basketball hockey tennis golf golfer cricket rugby swimming running fishing hunting
  liverpool liverpoolfc chelsea chelseafc arsenal arsenalfc manchester manchesterunited barcelona realmadrid juventus
  acmilan bayern bayernmunich borussia ajax celtic rangers yankees lakers cowboys steelers packers patriots raiders
  redsox chicagobulls superman batman spiderman ironman wonderwoman captain captainamerica starwars startrek matrix
  harrypotter hogwarts gandalf lordoftherings terminator jamesbond pirate pirates ninja samurai warrior warriors hunter
  killer killers destroyer slayer master masters mastermind maverick ranger trooper soldier general commander
  shadow shadows midnight darkness blackbird blackcat blacksheep phantom ghost vampire zombie demon devil angel angels
  heaven jesus jesuschrist jesusislord christ christian godisgood godbless godislove blessed blessing faith hope grace
  freedom liberty justice peace victory champion champions winner winners success successful lucky luckyme luckyone
  happy happyday happyness happiness smile smiley friend friends bestfriend bestfriends friendship family myfamily
  mother mommy mamma mother father daddy brother sister sisters babygirl babyboy baby babyface sweetheart sweetie sweety
  darling beautiful gorgeous handsome sexy hottie playboy playgirl player gangster gangsta rockstar rockandroll superstar
  music musical guitar piano drummer metallica nirvana slipknot eminem beatles elvis michaeljackson madonna rihanna
  summer summertime winter spring autumn january february march april may june july august september october november
  december monday tuesday wednesday thursday friday saturday sunday weekend birthday happybirthday christmas merrychristmas
  halloween newyear easter holiday vacation america american usa canada england london paris france germany berlin
  deutschland espana italia brasil india china russia moscow australia sydney newyork california texas florida chicago boston
  michael michelle jennifer jessica ashley amanda daniel danielle david matthew andrew anthony joshua christopher jonathan
  nicholas nicole william robert richard thomas charles charlie george james john johnny joseph jordan justin brandon
  benjamin samantha stephanie elizabeth victoria veronica patricia margaret maria marina natalie natasha vanessa melissa
  rebecca rachel sarah hannah emily sophie sophia olivia isabella alexander alexandra alexandre alejandro fernando
  francisco eduardo roberto ricardo carlos antonio angelina valentina gabriel gabriela rafael miguel sebastian stefan
  martin andrea andreas thomas patrick dennis oliver maximilian tobias mohamed mohammed muhammad ahmed abdullah
  ferrari porsche mercedes corvette mustang camaro harley harleydavidson yamaha kawasaki ducati toyota honda nissan
  whatever nothing something everything anything someone nobody noone trustno trustnoone nevermind forgetit forgotten
  idontknow dontknow idontcare iforgot remember rememberme fuckyou fuckoff fuckme fuckthis bullshit asshole bitch
  blink biteme blahblah blablabla bubba buster bigdaddy bigboy badboy badgirl goodgirl crazy crazygirl genius
  jackass jackson jasper marlboro mercury mickey mickeymouse minnie snoopy snowball snowflake snowman scooby scoobydoo
  simpsons southpark spongebob squirtle pikachu naruto sakura sasuke goku vegeta zelda mario luigi sonic tinkerbell cinderella
  correcthorsebatterystaple correcthorse thisismypassword thisisapassword mypasswordis passwordispassword whatismypassword
  remit payout payouts partner partners portal partnerportal commission invoice payment payments finance company business
  money moneymoney dollar dollars million millionaire bitcoin ethereum bank banking credit creditcard office work service support
  `
    .trim()
    .split(/\s+/),
)
