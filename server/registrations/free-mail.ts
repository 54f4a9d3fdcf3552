/** Providers at which anybody can have a mailbox: such an address says nothing about where its owner works. */
const exact = new Set(
  `gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com aol.com icloud.com me.com mac.com
   proton.me protonmail.com pm.me gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de mail.com email.com usa.com
   yandex.com yandex.ru ya.ru mail.ru inbox.ru bk.ru list.ru rambler.ru qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com
   naver.com daum.net hanmail.net kakao.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it
   telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl bluewin.ch hispeed.ch telia.com online.no bredband.net wp.pl onet.pl o2.pl interia.pl
   seznam.cz centrum.cz comcast.net verizon.net att.net sbcglobal.net cox.net bellsouth.net charter.net earthlink.net rogers.com shaw.ca
   btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net bigpond.com optusnet.com.au xtra.co.nz uol.com.br bol.com.br terra.com.br
   rediffmail.com zoho.com zohomail.com fastmail.com fastmail.fm hey.com tutanota.com tuta.io tutamail.com posteo.de mailbox.org
   hushmail.com duck.com passport.com mailinator.com yopmail.com`.split(/\s+/),
)

/** Providers with a domain for each country: `yahoo.co.uk`, `outlook.de`. */
const byCountry = /^(yahoo|ymail|hotmail|outlook|live|gmx|yandex|msn|aol)(\.(co|com))?\.[a-z]{2}$/

/** Whether a domain (in lower case) is a mailbox provider's. */
export function isFreeMail(domain: string): boolean {
  return exact.has(domain) || byCountry.test(domain)
}
